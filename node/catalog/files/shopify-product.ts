/** What the rows of one Shopify product mean as a record. */

import { createHash } from 'node:crypto'
import { skuMax } from '../limits.ts'
import { plainText } from './plain-text.ts'
import { parseRecord, type CatalogEntry } from './record.ts'

export interface ShopifyRow {
  readonly line: number
  /** A column's text, trimmed; empty if the file or the row lacks it. */
  readonly cell: (column: string) => string
}

export interface ShopifyProduct {
  readonly handle: string
  readonly line: number
  /** At least one. */
  readonly rows: readonly ShopifyRow[]
  readonly currency: string
}

// Shopify renamed its columns in 2024; both sets are in use, in any capitals.
const names: Readonly<Record<string, readonly string[]>> = {
  handle: ['handle', 'url handle'],
  title: ['title'],
  body: ['body (html)', 'description'],
  vendor: ['vendor'],
  type: ['type'],
  taxonomy: ['product category', 'google shopping / google product category'],
  tags: ['tags'],
  published: ['published', 'published on online store'],
  status: ['status'],
  option1: ['option1 name'],
  value1: ['option1 value'],
  option2: ['option2 name'],
  value2: ['option2 value'],
  option3: ['option3 name'],
  value3: ['option3 value'],
  sku: ['variant sku', 'sku'],
  price: ['variant price', 'price'],
  quantity: ['variant inventory qty', 'inventory quantity'],
  image: ['image src', 'product image url'],
  imageAlt: ['image alt text'],
  imagePosition: ['image position'],
  variantImage: ['variant image', 'variant image url'],
}

/** The index of each column we read; undefined if the row is not Shopify's header. */
export const columnsOf = (header: readonly string[]): ReadonlyMap<string, number> | undefined => {
  const written = header.map((name) => name.trim().toLowerCase())
  const columns = new Map<string, number>()
  for (const [name, spellings] of Object.entries(names)) {
    const index = spellings.map((spelling) => written.indexOf(spelling)).find((i) => i >= 0)
    if (index !== undefined) columns.set(name, index)
  }
  return columns.has('handle') && columns.has('title') ? columns : undefined
}

/** The product as a record, or why it is none. */
export const productEntry = (product: ShopifyProduct): CatalogEntry => {
  const { line } = product
  const unsold = unsoldReason(product)
  if (unsold !== undefined) return { line, reason: unsold }
  const forms = formsOf(product)
  const badPrice = forms.find(({ price }) => !isDecimal(price))
  if (badPrice) return { line, reason: `${badPrice.sku}: Variant Price ${told(badPrice.price)}` }
  const badQuantity = forms.find(({ quantity }) => !isInteger(quantity))
  if (badQuantity) {
    const { sku, quantity } = badQuantity
    return { line, reason: `${sku}: Variant Inventory Qty ${told(quantity)}` }
  }
  const record = parseRecord(lineObject(product, forms))
  return record.ok ? { line, record: record.value } : { line, reason: record.refusal }
}

const unsoldReason = ({ rows }: ShopifyProduct): string | undefined => {
  const first = rows[0]
  if (first?.cell('published').toLowerCase() === 'false')
    return 'is not published (Published is false)'
  const status = first?.cell('status').toLowerCase() ?? ''
  return status === 'draft' || status === 'archived'
    ? `is not on sale (Status is ${status})`
    : undefined
}

/** One form in which the product is sold: the product itself, or a variant. */
interface Form {
  readonly sku: string
  /** Empty for a product that comes in one form only. */
  readonly options: readonly (readonly [name: string, value: string])[]
  readonly price: string
  readonly quantity: string
}

const formsOf = ({ handle, rows }: ShopifyProduct): readonly Form[] => {
  // Only the first row names the options.
  const optionNames = [1, 2, 3].map((n) => oneLine(rows[0]?.cell(`option${n}`) ?? ''))
  return rows.filter(isVariantRow).map(({ cell }) => {
    const options = optionNames
      .map(
        (name, index) =>
          [name || `Option ${index + 1}`, oneLine(cell(`value${index + 1}`))] as const,
      )
      .filter(([, value]) => value !== '' && value !== 'Default Title')
    return {
      // Shopify marks a text that looks like a number with a leading apostrophe.
      sku:
        cell('sku').replace(/^'/, '') ||
        skuOf(
          handle,
          options.map(([, value]) => value),
        ),
      options,
      price: cell('price'),
      quantity: cell('quantity'),
    }
  })
}

const isVariantRow = ({ cell }: ShopifyRow): boolean =>
  ['value1', 'value2', 'value3', 'sku', 'price'].some((column) => cell(column) !== '')

// Prices are compared as texts of decimals here and become money in `parseRecord`.
const isDecimal = (text: string): boolean => /^\d+(\.\d+)?$/.test(text)

const isInteger = (text: string): boolean => text === '' || /^-?\d+$/.test(text)

const told = (text: string): string => (text === '' ? 'is missing' : `is ${text.slice(0, 40)}`)

const lineObject = ({ handle, rows, currency }: ShopifyProduct, forms: readonly Form[]) => {
  const cell = rows[0]?.cell ?? (() => '')
  const [main] = forms
  const isPlain = forms.length === 1 && main?.options.length === 0
  const quantities = forms.map(({ quantity }) => quantityFields(quantity))
  return {
    sku: isPlain ? main.sku : skuOf(handle, []),
    name: oneLine(cell('title')) || undefined,
    description: plainText(cell('body')),
    ...(cell('vendor') !== '' && { brand: oneLine(cell('vendor')) }),
    categories: categoriesOf(cell),
    tags: cell('tags')
      .split(',')
      .map((tag) => oneLine(tag).trim())
      .filter((tag) => tag !== ''),
    // The first variant is the one that Shopify shows, so its price is the product's.
    price: main && Number(main.price),
    currency,
    images: imagesOf(rows),
    ...(isPlain && quantities[0]),
    variants: isPlain
      ? []
      : forms.map(({ sku, options, price }, index) => ({
          sku,
          options: Object.fromEntries(options),
          ...(Number(price) !== Number(main?.price) && { price: Number(price) }),
          ...quantities[index],
        })),
  }
}

// Spreadsheets leave line breaks in places where the catalog has none.
const oneLine = (text: string): string => text.replace(/\s+/g, ' ')

// A shop that sold more than it had counts below zero; there is nothing of it to sell.
const quantityFields = (text: string): { quantity?: number } =>
  text === '' ? {} : { quantity: Math.max(0, Number(text)) }

/** The taxonomy's path, then the shop's own type. A taxonomy given as a number names nothing. */
const categoriesOf = (cell: ShopifyRow['cell']): readonly string[] => {
  const taxonomy = cell('taxonomy')
  const path = /^\d*$/.test(taxonomy) ? [] : taxonomy.split('>').map((name) => name.trim())
  const type = oneLine(cell('type'))
  return [...path, type].filter((name, index, all) => name !== '' && all.indexOf(name) === index)
}

const imagesOf = (rows: readonly ShopifyRow[]) => {
  const position = ({ cell }: ShopifyRow) => Number(cell('imagePosition')) || rows.length
  const placed = rows
    .filter(({ cell }) => cell('image') !== '')
    .sort((a, b) => position(a) - position(b))
    .map(({ cell }) => ({
      url: cell('image'),
      ...(cell('imageAlt') !== '' && { alt: oneLine(plainText(cell('imageAlt'))) }),
    }))
  const ofVariants = rows.map(({ cell }) => ({ url: cell('variantImage') }))
  const byUrl = new Map<string, { readonly url: string; readonly alt?: string }>()
  for (const image of [...placed, ...ofVariants]) {
    if (image.url !== '' && !byUrl.has(image.url)) byUrl.set(image.url, image)
  }
  return [...byUrl.values()]
}

/**
 * A SKU for a form that has none, the same at every import: `classic-varsity-top.small`. Where the
 * readable part would leave something out, a piece of the form's hash says it, so that only forms
 * which differ in capitals, or in a space against a hyphen, share one.
 */
export const skuOf = (handle: string, values: readonly string[]): string => {
  const parts = [handle, ...values]
  const readable = parts.map(slug).join('.')
  const isExact = parts.every((part) => slug(part) === part.toLowerCase().replaceAll(' ', '-'))
  if (isExact && readable.length <= skuMax) return readable
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  return `${readable.slice(0, skuMax - hashChars - 1)}~${hash.slice(0, hashChars)}`
}

const hashChars = 12

const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
