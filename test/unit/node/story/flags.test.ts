import { describe, expect, test } from 'vitest'
import { parseFlags } from '../../../../node/story/flags.ts'

describe('the flags of the story', () => {
  test('are the demo catalog on 4001, 4002 and 4003 unless they say otherwise', () => {
    expect(parseFlags([])).toEqual({
      ok: true,
      value: {
        catalog: expect.stringMatching(/demo\/catalog\.ndjson$/),
        exit: false,
        fast: false,
        ports: { eu: 4001, us: 4002, ap: 4003 },
      },
    })
  })

  test('are taken as they are given', () => {
    const given = ['--exit', '--fast', '--ports', '1,0,0', '--catalog', 'mine.csv']
    expect(parseFlags(given)).toEqual({
      ok: true,
      value: { catalog: 'mine.csv', exit: true, fast: true, ports: { eu: 1, us: 0, ap: 0 } },
    })
    expect(parseFlags(['--help'])).toEqual({ ok: true, value: 'help' })
  })

  test.each([
    [['--ports', '4001']],
    [['--ports', '4001,4002,4003,4004']],
    [['--ports', '4001,4001,4003']],
    [['--ports', '4001,,4003']],
    [['--ports', '4001,-1,4003']],
    [['--ports', '4001,4002,65536']],
    [['--catalog', '']],
    [['--catalogue', 'mine.csv']],
    [['mine.csv']],
  ])('are refused when they make no sense: %j', (given) => {
    const parsed = parseFlags(given)
    expect(parsed.ok).toBe(false)
  })
})
