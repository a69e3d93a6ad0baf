import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { splitLines } from '../../../../node/http/lines.ts'

const utf8 = new TextDecoder()

async function* chunked(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0
  for (const size of sizes) {
    yield bytes.subarray(start, start + size)
    start += size
  }
  yield bytes.subarray(start)
}

const linesOf = async (text: string, sizes: readonly number[] = [], lineBytesMax = 1000) => {
  const lines: { number: number; text: string; overlong: boolean }[] = []
  const chunks = chunked(new TextEncoder().encode(text), sizes)
  for await (const { number, bytes, overlong } of splitLines(chunks, { lineBytesMax }))
    lines.push({ number, text: utf8.decode(bytes), overlong })
  return lines
}

test('lines do not depend on how the bytes arrive', async () => {
  const text = fc
    .array(fc.constantFrom('a', 'ü', '\n', '\r\n', '{}', ' '), { maxLength: 60 })
    .map((parts) => parts.join(''))
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(9)), async (text, sizes) => {
      const expected = text
        .split('\n')
        .map((line, at) => ({ number: at + 1, text: line.replace(/\r$/, ''), overlong: false }))
        .filter(({ text }) => !/^[ \t]*$/.test(text))
      expect(await linesOf(text, sizes)).toEqual(expected)
    }),
  )
})

test('an overlong line is reported and the next one read, however the bytes arrive', async () => {
  const text = `ok\n${'x'.repeat(50)}\nfine`
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(20)), async (sizes) => {
      expect(await linesOf(text, sizes, 10)).toEqual([
        { number: 1, text: 'ok', overlong: false },
        { number: 2, text: '', overlong: true },
        { number: 3, text: 'fine', overlong: false },
      ])
    }),
  )
})

test('a line of exactly the allowed length is taken', async () => {
  expect(await linesOf('0123456789\n', [], 10)).toEqual([
    { number: 1, text: '0123456789', overlong: false },
  ])
  expect(await linesOf('0123456789a\n', [], 10)).toMatchObject([{ overlong: true }])
})

test('a byte order mark is no content', async () => {
  expect(await linesOf('\ufeff{}\n\ufeff')).toMatchObject([
    { number: 1, text: '{}' },
    { number: 2 },
  ])
})

test('a stream that breaks off throws, so that half a line is never taken for a whole one', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode('{}\n{"half":')
    throw new Error('gone')
  }
  const seen: number[] = []
  await expect(async () => {
    for await (const { number } of splitLines(broken(), { lineBytesMax: 100 })) seen.push(number)
  }).rejects.toThrow('gone')
  expect(seen).toEqual([1])
})
