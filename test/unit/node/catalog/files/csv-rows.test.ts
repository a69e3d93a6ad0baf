/** CSV rows, beside a general parser on good files and alone on broken ones. */

import { parse } from 'csv-parse/sync'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCsvRows } from '../../../../../node/catalog/files/csv-rows.ts'
import { collect, inChunks } from './bytes.ts'

const rowsOf = (file: string, sizes?: readonly number[]) =>
  collect(readCsvRows(inChunks(file, sizes)))

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`

const field = fc.oneof(
  fc.stringMatching(/^[a-z ,"\n]{0,8}$/).map((text) => ({ text, written: quoted(text) })),
  fc.stringMatching(/^[a-z ]{1,8}$/).map((text) => ({ text, written: text })),
)

describe('readCsvRows', () => {
  test('reads what was written, and what csv-parse reads', () => {
    const property = fc.asyncProperty(
      fc.array(fc.array(field, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 3 }),
      async (rows, sizes) => {
        const file = rows.map((row) => `${row.map(({ written }) => written).join(',')}\n`).join('')
        const fields = (await rowsOf(file, sizes)).map((row) =>
          'fields' in row ? row.fields : row.fault,
        )
        expect(fields).toEqual(rows.map((row) => row.map(({ text }) => text)))
        expect(fields).toEqual(parse(file, { relax_column_count: true }))
      },
    )
    return fc.assert(property)
  })

  test('numbers a row by its first line', async () => {
    expect(await rowsOf('a,"1\n2\n3",b\r\n\r\nc,d\r\n')).toEqual([
      { line: 1, fields: ['a', '1\n2\n3', 'b'] },
      { line: 5, fields: ['c', 'd'] },
    ])
  })

  test('takes a quote inside a plain field for a character', async () => {
    expect(await rowsOf('5" screen,b')).toEqual([{ line: 1, fields: ['5" screen', 'b'] }])
  })

  test('keeps empty fields at the end', async () => {
    expect(await rowsOf('a,,\n"",')).toEqual([
      { line: 1, fields: ['a', '', ''] },
      { line: 2, fields: ['', ''] },
    ])
  })

  test('loses one row to a quote that is never closed, and not the file', async () => {
    const good = Array.from({ length: 50 }, (_, index) => `row ${index},x`)
    expect(await rowsOf(['a,"b', ...good].join('\n'))).toEqual([
      { line: 1, fault: 'a quoted field of the row has no end' },
      ...good.map((text, index) => ({ line: index + 2, fields: text.split(',') })),
    ])
  })

  test('gives up on a field of a megabyte and goes on with the next line', async () => {
    const line = 'x'.repeat(1000)
    const file = ['a,"b', ...Array.from({ length: 3000 }, () => line), 'c,d'].join('\n')
    const rows = await rowsOf(file)
    expect(rows).toHaveLength(3002)
    expect(rows[0]).toEqual({ line: 1, fault: 'a quoted field of the row has no end' })
    expect(rows[1]).toEqual({ line: 2, fields: [line] })
    expect(rows.at(-1)).toEqual({ line: 3002, fields: ['c', 'd'] })
  })

  test('goes on after a field that goes on after its quote', async () => {
    expect(await rowsOf('"a"b,c\nd,e')).toEqual([
      { line: 1, fault: 'field 1 goes on after its closing quote' },
      { line: 2, fields: ['d', 'e'] },
    ])
  })

  test('goes on after a line that is no text, inside quotes and outside', async () => {
    const broken = Buffer.from([0xff, 0x0a])
    const file = Buffer.concat([broken, Buffer.from('a,"b\n'), broken, Buffer.from('c,d\n')])
    expect(await collect(readCsvRows(inChunks(file)))).toEqual([
      { line: 1, fault: 'the line is not UTF-8' },
      { line: 2, fault: 'a quoted field of the row has no end' },
      { line: 3, fault: 'the line is not UTF-8' },
      { line: 4, fields: ['c', 'd'] },
    ])
  })

  test('closes its source when the reader stops early', async () => {
    let closed = false
    async function* source() {
      try {
        for (;;) yield Buffer.from('a,b\n')
      } finally {
        closed = true
      }
    }
    for await (const row of readCsvRows(source())) if (row.line === 3) break
    expect(closed).toBe(true)
  })
})
