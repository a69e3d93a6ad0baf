/** What a person sees of a long command. */

import { describe, expect, test } from 'vitest'
import { createProgress, durationText } from '../../../../node/cli/progress.ts'

const options = { label: 'importing', unit: 'products', bytesTotal: 1000 }

const screen = (terminal: { isTTY?: boolean; columns?: number }) => {
  let nowMs = 0
  const written: string[] = []
  const progress = createProgress(
    { clock: { now: () => nowMs }, output: { ...terminal, write: (text) => written.push(text) } },
    options,
  )
  return { progress, written, advance: (ms: number) => (nowMs += ms) }
}

describe('on a terminal', () => {
  test('draws a bar with count, rate and time left over the last one', () => {
    const { progress, written, advance } = screen({ isTTY: true, columns: 100 })
    progress.update({ count: 0, bytes: 0 })
    advance(2_000)
    progress.update({ count: 2_000, bytes: 250 })
    expect(written).toEqual([
      '\r\u001b[2Kimporting  █████░░░░░░░░░░░░░░░   25 %  2,000 products  1,000/s  6 s left',
    ])
  })

  test('does not draw faster than a person reads', () => {
    const { progress, written, advance } = screen({ isTTY: true })
    for (let count = 0; count < 100; count += 1) {
      advance(1)
      progress.update({ count, bytes: count })
    }
    expect(written).toHaveLength(1)
  })

  test('never wraps', () => {
    const { progress, written, advance } = screen({ isTTY: true, columns: 30 })
    advance(1_000)
    progress.update({ count: 1, bytes: 1 })
    expect(written[0]?.replace('\r\u001b[2K', '').length).toBeLessThan(30)
  })

  test('a note takes the bar’s line and the bar goes on below', () => {
    const { progress, written, advance } = screen({ isTTY: true })
    advance(1_000)
    progress.update({ count: 1, bytes: 1 })
    progress.note('trouble')
    progress.close()
    expect(written.slice(1, 2)).toEqual(['\r\u001b[2Ktrouble\n'])
    expect(written.at(-1)).toBe('\n')
  })

  test('the rate counts from where a resumed command goes on', () => {
    const { progress, written, advance } = screen({ isTTY: true, columns: 100 })
    progress.update({ count: 90_000, bytes: 900 })
    advance(1_000)
    progress.update({ count: 90_010, bytes: 910 })
    expect(written[0]).toContain('10/s  9 s left')
  })
})

describe('anywhere else', () => {
  test('writes a plain line now and then', () => {
    const { progress, written, advance } = screen({})
    for (let second = 0; second < 12; second += 1) {
      advance(1_000)
      progress.update({ count: second, bytes: second })
    }
    progress.close()
    expect(written).toHaveLength(2)
    expect(written.join('')).not.toContain('\u001b')
    expect(written.every((line) => line.endsWith('\n'))).toBe(true)
  })
})

test.each([
  [12, '12 ms'],
  [999.5, '1000 ms'],
  [42_000, '42 s'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
])('%d ms is told as %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})
