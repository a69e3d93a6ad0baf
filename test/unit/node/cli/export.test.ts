/** `atoll export`, and that what it writes imports as what it was. */

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { exportCommand } from '../../../../node/cli/export.ts'
import { importCommand } from '../../../../node/cli/import.ts'
import { productBody } from '../../../../node/cli/product-batch.ts'
import { writeRecord } from '../../../../node/catalog/files/ndjson.ts'
import { anyRecord } from '../catalog/files/arbitrary-record.ts'
import { createOperator, type Operator } from './operator.ts'
import { createPretendNode, type PretendNode } from './pretend-node.ts'

let node: PretendNode
let alice: Operator

beforeEach(async () => {
  node = await createPretendNode()
  alice = await createOperator()
})
afterEach(async () => {
  await node.close()
  await alice.close()
})

const fileOf = (name: string): string => join(alice.directory, name)

const importInto = (target: PretendNode, name: string): Promise<number> =>
  importCommand(alice.deps, [fileOf(name), '--to', target.url.href, '--token', target.rules.token])

const exportFrom = (source: PretendNode, name: string): Promise<number> =>
  exportCommand(alice.deps, [fileOf(name), '--from', source.url.href])

const catalog = [
  {
    sku: 'A',
    name: 'A',
    description: 'One.',
    categories: ['Home', 'Lamps'],
    price: 49.99,
    image: 'https://a.example/a.jpg',
    tags: ['x'],
    quantity: 3,
  },
  {
    sku: 'B',
    name: 'B',
    description: '',
    categories: [],
    price: 1200,
    currency: 'JPY',
    popularity: 2,
  },
  {
    sku: 'C',
    name: 'C',
    description: 'Three.',
    categories: ['Home'],
    price: 20,
    images: [{ url: 'https://a.example/1', alt: 'front' }, { url: 'https://a.example/2' }],
    variants: [
      { sku: 'C-1', options: { Size: 'S' }, quantity: 1 },
      { sku: 'C-2', options: { Size: 'M' }, price: 22.5, quantity: 0 },
    ],
  },
]
const text = catalog.map((line) => `${JSON.stringify(line)}\n`).join('')

describe('export', () => {
  test('writes back the file that was imported', async () => {
    await writeFile(fileOf('in.ndjson'), text)
    await importInto(node, 'in.ndjson')
    expect(await exportFrom(node, 'out.ndjson')).toBe(0)
    expect(await readFile(fileOf('out.ndjson'), 'utf8')).toBe(text)
    expect(alice.out()).toContain('3 products in')
  })

  test('what it writes imports as what it was, for every catalog there is', async () => {
    const bob = await createPretendNode()
    const records = fc.uniqueArray(anyRecord, { selector: ({ sku }) => sku, maxLength: 6 })
    try {
      await fc.assert(
        fc.asyncProperty(records, async (all) => {
          node.reset()
          bob.reset()
          await writeFile(
            fileOf('in.ndjson'),
            all.map((record) => `${writeRecord(record)}\n`).join(''),
          )
          expect(await importInto(node, 'in.ndjson')).toBe(0)
          expect(await exportFrom(node, 'out.ndjson')).toBe(0)
          expect(await importInto(bob, 'out.ndjson')).toBe(0)
          expect(bob.read()).toEqual(node.read())
          expect(node.products.size).toBe(all.length)
        }),
        { numRuns: 40 },
      )
    } finally {
      await bob.close()
    }
  })

  test('leaves the old file as it was when the node goes away, and nothing beside it', async () => {
    await writeFile(fileOf('in.ndjson'), text)
    await importInto(node, 'in.ndjson')
    await writeFile(fileOf('out.ndjson'), 'old')
    node.next.push({ status: 200, body: '{"items":[],"next":"1"}' }, { status: 500 })
    expect(await exportFrom(node, 'out.ndjson')).toBe(2)
    expect(await readFile(fileOf('out.ndjson'), 'utf8')).toBe('old')
    expect((await readdir(alice.directory)).sort()).toEqual(['in.ndjson', 'out.ndjson'])
  })

  test('does not follow a list that goes in a circle', async () => {
    const page = { status: 200, body: '{"items":[],"next":"1"}' }
    node.next.push(page, page)
    expect(await exportFrom(node, 'out.ndjson')).toBe(2)
    expect(alice.err()).toContain('the node’s list does not advance')
  })

  test('passes over fields that a later node adds', async () => {
    const item = { sku: 'A', name: 'A', price: { amount: 100, currency: 'USD' }, rating: 4.5 }
    const variants = [{ sku: 'A', options: {}, weight: 3 }]
    node.next.push({
      status: 200,
      body: JSON.stringify({ items: [{ ...item, variants }], total: 1 }),
    })
    expect(await exportFrom(node, 'out.ndjson')).toBe(0)
    expect(await readFile(fileOf('out.ndjson'), 'utf8')).toBe(
      '{"sku":"A","name":"A","description":"","categories":[],"price":1}\n',
    )
  })

  test.each([
    ['no JSON', '<html>'],
    ['no list', '{}'],
    ['a price in text', '{"items":[{"sku":"A","name":"A","price":"1","variants":[]}]}'],
  ])('ends with status 2 on an answer with %s', async (_, body) => {
    node.next.push({ status: 200, body })
    expect(await exportFrom(node, 'out.ndjson')).toBe(2)
    expect(alice.err()).toContain('the node’s list is not as expected')
  })

  test('ends with status 2 where it cannot write', async () => {
    expect(await exportFrom(node, 'missing/out.ndjson')).toBe(2)
    expect(alice.err()).toContain('ENOENT')
  })

  test.each([
    [[], 'one FILE is needed'],
    [['a'], '--from URL is needed'],
    [['a', '--from', 'nowhere'], 'nowhere is no address of a node'],
    [['a', '--frm', 'http://a'], "Unknown option '--frm'"],
  ])('tells wrong usage %j', async (args, reason) => {
    expect(await exportCommand(alice.deps, args)).toBe(2)
    expect(alice.err()).toContain(reason)
  })
})

test('a product’s body says what its record says', () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      const {
        initialQuantity,
        variants = [],
        ...rest
      } = { initialQuantity: undefined, ...productBody(record) }
      expect({ ...rest, quantity: initialQuantity, variants: variants.length }).toEqual({
        ...record,
        quantity: record.quantity,
        variants: record.variants.length,
      })
    }),
  )
})
