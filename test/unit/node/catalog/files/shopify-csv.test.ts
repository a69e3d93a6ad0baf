/** Shopify's product CSV, as real shops write it. */

import { createReadStream, existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { CatalogEntry, CatalogRecord } from '../../../../../node/catalog/files/record.ts'
import { readShopifyCsv } from '../../../../../node/catalog/files/shopify-csv.ts'
import { skuOf } from '../../../../../node/catalog/files/shopify-product.ts'
import { collect, inChunks } from './bytes.ts'

const columns = [
  'Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name',
  'Option2 Value,Variant SKU,Variant Inventory Qty,Variant Price,Image Src,Image Position',
  'Image Alt Text,Google Shopping / Google Product Category,Status',
].join(',')

type Cells = Readonly<Record<string, string>>

/** A file with these rows; a row that is a text stands there as it is. */
const fileOf = (rows: readonly (Cells | string)[]): string => {
  const names = columns.split(',')
  const lines = rows.map((row) =>
    typeof row === 'string'
      ? row
      : names.map((name) => `"${(row[name] ?? '').replaceAll('"', '""')}"`).join(','),
  )
  return [columns, ...lines].join('\n')
}

const read = (rows: readonly (Cells | string)[], options = {}): Promise<CatalogEntry[]> =>
  collect(readShopifyCsv(inChunks(fileOf(rows)), options))

const only = async (rows: readonly (Cells | string)[], options = {}): Promise<CatalogRecord> => {
  const [entry] = await read(rows, options)
  if (entry === undefined || !('record' in entry)) throw new Error(`no product: ${entry?.reason}`)
  return entry.record
}

const oar = { Handle: 'oar', Title: 'Oar', 'Variant Price': '40.00' }
const plain = { ...oar, 'Option1 Name': 'Title', 'Option1 Value': 'Default Title' }
const short = { ...oar, 'Option1 Name': 'Length', 'Option1 Value': 'Short' }
const long = { Handle: 'oar', 'Option1 Value': 'Long', 'Variant Price': '48.50' }

describe('readShopifyCsv', () => {
  test('takes "Default Title" for a product that comes in one form', async () => {
    expect(
      await only([{ ...plain, 'Variant SKU': "'0042", 'Variant Inventory Qty': '7' }]),
    ).toMatchObject({
      sku: '0042',
      quantity: 7,
      price: { amount: 4000, currency: 'USD' },
      variants: [],
    })
  })

  test('makes a variant of every row that has a value or a price', async () => {
    const record = await only([
      short,
      { ...long, 'Variant Inventory Qty': '-2' },
      { Handle: 'oar', 'Image Src': 'https://a.example/2.jpg' },
    ])
    expect(record).toMatchObject({ sku: 'oar', price: { amount: 4000 } })
    expect(record.variants).toEqual([
      { sku: 'oar.short', options: { Length: 'Short' } },
      {
        sku: 'oar.long',
        options: { Length: 'Long' },
        price: { amount: 4850, currency: 'USD' },
        quantity: 0,
      },
    ])
    expect(record.images).toEqual([{ url: 'https://a.example/2.jpg' }])
  })

  test('keeps images in their order, each once', async () => {
    const image = (n: number) => ({
      'Image Src': `https://a.example/${n}.jpg`,
      'Image Position': `${n}`,
    })
    const record = await only([
      { ...plain, ...image(2), 'Image Alt Text': 'second' },
      { Handle: 'oar', ...image(1) },
      { Handle: 'oar', ...image(1) },
    ])
    expect(record.images).toEqual([
      { url: 'https://a.example/1.jpg' },
      { url: 'https://a.example/2.jpg', alt: 'second' },
    ])
  })

  test('reads brand, path, tags, text and currency', async () => {
    const row = {
      ...plain,
      Vendor: 'Kelp & Co',
      Type: 'Oars',
      Tags: 'ash, rowing,  ,ash',
      'Body (HTML)': '<p>Made of <i>ash</i>.</p><p>Varnished.</p>',
      'Google Shopping / Google Product Category': 'Sporting Goods > Boating',
    }
    expect(await only([row], { currency: 'EUR' })).toMatchObject({
      brand: 'Kelp & Co',
      categories: ['Sporting Goods', 'Boating', 'Oars'],
      tags: ['ash', 'rowing'],
      description: 'Made of ash.\nVarnished.',
      price: { amount: 4000, currency: 'EUR' },
    })
  })

  test('reads the columns that Shopify writes since 2024', async () => {
    const file =
      'Title,URL handle,Description,Product category,SKU,Option1 name,Option1 value,Price,Inventory quantity\n' +
      'Oar,oar,<p>Ash</p>,Boating > Oars,OAR-1,,,40,3\n'
    expect(await collect(readShopifyCsv(inChunks(file)))).toMatchObject([
      {
        line: 2,
        record: { sku: 'OAR-1', description: 'Ash', categories: ['Boating', 'Oars'], quantity: 3 },
      },
    ])
  })

  test.each([
    ['is not for sale', { ...plain, Published: 'FALSE' }, 'is not published (Published is false)'],
    ['is a draft', { ...plain, Status: 'draft' }, 'is not on sale (Status is draft)'],
    ['has no price', { ...plain, 'Variant Price': '' }, 'oar: Variant Price is missing'],
    ['has a price in words', { ...plain, 'Variant Price': '$40' }, 'oar: Variant Price is $40'],
    [
      'has a price between cents',
      { ...plain, 'Variant Price': '1.999' },
      'price: 1.999 has more decimals than USD, which has 2',
    ],
    [
      'has half a unit',
      { ...plain, 'Variant Inventory Qty': '1.5' },
      'oar: Variant Inventory Qty is 1.5',
    ],
    ['has no title', { ...plain, Title: '' }, 'name: is missing'],
  ])('refuses a product that %s', async (_, row, reason) => {
    expect(await read([row])).toEqual([{ line: 2, reason }])
  })

  test('refuses two variants that cannot be told apart', async () => {
    expect(
      await read([
        { ...short, 'Variant SKU': 'X' },
        { ...long, 'Variant SKU': 'X' },
      ]),
    ).toEqual([{ line: 2, reason: 'variants[1].sku: X is used twice' }])
  })

  test('refuses a row without a handle and keeps the rest', async () => {
    expect(await read([{ Title: 'Nobody' }, plain])).toMatchObject([
      { line: 2, reason: 'the row has no Handle' },
      { line: 3, record: { sku: 'oar' } },
    ])
  })

  test('refuses a product whose variant cannot be read, and the next product goes in', async () => {
    const sail = { ...plain, Handle: 'sail', Title: 'Sail' }
    expect(await read([short, '"oar"x,broken', long, sail])).toMatchObject([
      { line: 2, reason: 'its row on line 3 cannot be read' },
      { line: 3, reason: 'field 1 goes on after its closing quote' },
      { line: 5, record: { sku: 'sail' } },
    ])
  })

  test('tells entries in the order of their lines, so that an import can go on after any', async () => {
    const rows = [short, '"x"y', long, { Title: 'Nobody' }, { ...plain, Handle: 'sail' }, '"x"y']
    const lines = (await read(rows)).map(({ line }) => line)
    expect(lines).toEqual([...lines].sort((a, b) => a - b))
    for (const afterLine of lines) {
      const rest = await read(rows, { afterLine })
      expect(rest.map(({ line }) => line)).toEqual(lines.filter((line) => line > afterLine))
    }
  })

  test('reads no file that is not Shopify’s', async () => {
    expect(await collect(readShopifyCsv(inChunks('id,name\n1,Oar\n')))).toEqual([
      { line: 1, reason: 'the file does not begin with the columns of Shopify’s product CSV' },
    ])
  })

  test('a hostile column name stays a column name', async () => {
    const file = `${columns},__proto__,constructor\noar,Oar,,,,,,Title,Default Title,,,,,40\n`
    expect(await collect(readShopifyCsv(inChunks(file)))).toMatchObject([
      { record: { sku: 'oar' } },
    ])
  })
})

describe('skuOf', () => {
  test('is readable where that says everything', () => {
    expect(skuOf('varsity-top', ['Light Blue', 'XL'])).toBe('varsity-top.light-blue.xl')
  })

  test('tells apart what the readable part does not', () => {
    const values = ['Größe 1', 'Grösse 1', '大', '小', '1.5 L', '1/5 L']
    expect(new Set(values.map((value) => skuOf('top', [value]))).size).toBe(values.length)
    expect(skuOf('top', ['大'])).toBe(skuOf('top', ['大']))
  })

  test('tells where the handle ends', () => {
    expect(skuOf('a-b', ['c'])).not.toBe(skuOf('a', ['b-c']))
  })

  test('stays within the limit', () => {
    const long = skuOf('h'.repeat(200), ['v'])
    expect(long).toHaveLength(64)
    expect(long).not.toBe(skuOf('h'.repeat(200), ['w']))
  })
})

const shop = (name: string) =>
  new URL(`../../../../../../shared/data/shopify/${name}`, import.meta.url)

describe.skipIf(!existsSync(shop('apparel.csv')))(
  'real files (skipped without ../shared/data)',
  () => {
    test.each([
      ['apparel.csv', 20],
      ['home-and-garden.csv', 20],
      ['jewelery.csv', 20],
    ])('every product of %s goes in', async (name, count) => {
      const entries = await collect(readShopifyCsv(createReadStream(shop(name))))
      expect(entries.filter((entry) => 'reason' in entry)).toEqual([])
      expect(entries).toHaveLength(count)
    })
  },
)
