/** Lines out of bytes, however the stream cuts them and whatever it holds. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lineBytesMax, readLines } from '../../../../../node/catalog/files/lines.ts'
import { bytesOf, collect, inChunks } from './bytes.ts'

const chunkSizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })
const text = fc.string({ unit: 'grapheme' }).map((line) => line.replace(/[\r\n\ufeff]/g, ''))

describe('readLines', () => {
  test('gives every line once, however the stream is cut', () => {
    const property = fc.asyncProperty(
      fc.array(text, { minLength: 1 }),
      fc.constantFrom('\n', '\r\n'),
      chunkSizes,
      async (lines, ending, sizes) => {
        const file = lines.map((line) => line + ending).join('')
        expect(await collect(readLines(inChunks(file, sizes)))).toEqual(
          lines.map((line, index) => ({ number: index + 1, text: line })),
        )
      },
    )
    return fc.assert(property)
  })

  test('never throws on bytes that are no text', () => {
    const property = fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      chunkSizes,
      async (file, sizes) => {
        const lines = await collect(readLines(inChunks(file, sizes), { lineBytesMax: 8 }))
        const breaks = file.filter((byte) => byte === 0x0a).length
        const isOpen = file.length > 0 && file.at(-1) !== 0x0a
        expect(lines.map(({ number }) => number)).toEqual(
          Array.from({ length: breaks + (isOpen ? 1 : 0) }, (_, index) => index + 1),
        )
      },
    )
    return fc.assert(property)
  })

  test('does not need a line break at the end', async () => {
    expect(await collect(readLines(inChunks('a\nb')))).toEqual([
      { number: 1, text: 'a' },
      { number: 2, text: 'b' },
    ])
  })

  test('drops a byte order mark', async () => {
    expect(await collect(readLines(inChunks('\ufeffa\n')))).toEqual([{ number: 1, text: 'a' }])
  })

  test('goes on after a line that is not UTF-8', async () => {
    const file = Buffer.concat([bytesOf('a\n'), Buffer.from([0xc3, 0x28]), bytesOf('\nc\n')])
    expect(await collect(readLines(inChunks(file)))).toEqual([
      { number: 1, text: 'a' },
      { number: 2, fault: 'the line is not UTF-8' },
      { number: 3, text: 'c' },
    ])
  })

  test('goes on after a line of five million bytes', async () => {
    const file = `a\n${'x'.repeat(5_000_000)}\nc\n`
    expect(await collect(readLines(inChunks(file)))).toEqual([
      { number: 1, text: 'a' },
      { number: 2, fault: `the line has more than ${lineBytesMax} bytes` },
      { number: 3, text: 'c' },
    ])
  })

  test('takes a line at the limit and not one byte more', async () => {
    const lines = await collect(readLines(inChunks('1234\r\n12345\r\n', [3]), { lineBytesMax: 4 }))
    expect(lines).toEqual([
      { number: 1, text: '1234' },
      { number: 2, fault: 'the line has more than 4 bytes' },
    ])
  })

  test('passes over the lines it is told to', async () => {
    expect(await collect(readLines(inChunks('a\nb\nc\n'), { afterLine: 2 }))).toEqual([
      { number: 3, text: 'c' },
    ])
  })

  test('holds no more than a line, however long the stream', async () => {
    const chunk = bytesOf('x'.repeat(1024 * 1024))
    async function* endless() {
      for (let index = 0; index < 256; index += 1) yield chunk
    }
    globalThis.gc?.()
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    async function* watched() {
      for await (const piece of endless()) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before)
        yield piece
      }
    }
    const [line] = await collect(readLines(watched()))
    expect(line).toMatchObject({ number: 1, fault: expect.stringContaining('more than') })
    expect(most).toBeLessThan(128 * 1024 * 1024)
  })
})
