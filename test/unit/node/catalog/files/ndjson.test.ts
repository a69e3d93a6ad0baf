/** Catalog NDJSON in and out. */

import { createReadStream, existsSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readNdjson, writeRecord } from '../../../../../node/catalog/files/ndjson.ts'
import { anyRecord } from './arbitrary-record.ts'
import { collect, inChunks } from './bytes.ts'

describe('NDJSON', () => {
  test('what was written reads as it was', () => {
    const property = fc.asyncProperty(fc.array(anyRecord, { maxLength: 5 }), async (records) => {
      const file = records.map((record) => `${writeRecord(record)}\n`).join('')
      expect(await collect(readNdjson(inChunks(file, [7, 1, 30])))).toEqual(
        records.map((record, index) => ({ line: index + 1, record })),
      )
    })
    return fc.assert(property)
  })

  test('any JSON is a record or has a reason', () => {
    const property = fc.asyncProperty(fc.json(), async (line) => {
      const [entry] = await collect(readNdjson(inChunks(`${line}\n`)))
      expect(entry).toMatchObject({ line: 1, reason: expect.any(String) })
    })
    return fc.assert(property)
  })

  test('broken lines are told by number and the others go in', async () => {
    const good = (sku: string) => JSON.stringify({ sku, name: sku, price: 1 })
    const file = [good('a'), '{"sku":', '', '   ', `${good('b')} x`, good('c')].join('\n')
    const entries = await collect(readNdjson(inChunks(file)))
    expect(
      entries.map((entry) =>
        'record' in entry ? [entry.line, entry.record.sku] : [entry.line, entry.reason],
      ),
    ).toEqual([
      [1, 'a'],
      [2, 'the line is no JSON'],
      [5, 'the line is no JSON'],
      [6, 'c'],
    ])
  })

  test('a record leaves out what it does not say', () => {
    const record = {
      sku: 'a',
      name: 'A',
      description: '',
      categories: [],
      tags: [],
      images: [],
      variants: [],
    }
    expect(writeRecord({ ...record, price: { amount: 1250, currency: 'USD' } })).toBe(
      '{"sku":"a","name":"A","description":"","categories":[],"price":12.5}',
    )
    expect(writeRecord({ ...record, price: { amount: 1250, currency: 'JPY' } })).toContain(
      '"price":1250,"currency":"JPY"',
    )
  })
})

const demo = new URL('../../../../../demo/catalog.ndjson', import.meta.url)

test('every line of the demo catalog is a product', async () => {
  const entries = await collect(readNdjson(createReadStream(demo)))
  expect(entries.filter((entry) => 'reason' in entry)).toEqual([])
  const records = entries.flatMap((entry) => ('record' in entry ? [entry.record] : []))
  expect(records.length).toBeGreaterThanOrEqual(120)
  expect(new Set(records.map(({ categories }) => categories[0])).size).toBeGreaterThanOrEqual(8)
  const skus = records.flatMap(({ sku, variants }) => [
    sku,
    ...variants.map((variant) => variant.sku),
  ])
  expect(new Set(skus).size).toBe(skus.length)
})

const gadgets = new URL('../../../../../../shared/data/gadgets.ndjson', import.meta.url)

test.skipIf(!existsSync(gadgets))(
  'every gadget of a real shop is a product (skipped without ../shared/data)',
  async () => {
    const entries = await collect(readNdjson(createReadStream(gadgets)))
    expect(entries.filter((entry) => 'reason' in entry)).toEqual([])
    expect(entries).toHaveLength(3291)
  },
)
