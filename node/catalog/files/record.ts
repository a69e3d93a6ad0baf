/**
 * A catalog record is what one product of a file means, whatever the file's format.
 *
 * This is the wall: every format is turned into the same plain object, and `parseRecord` turns that
 * object into a record that cannot be wrong, or says in one sentence why it is none. Nothing after
 * it looks at the file again.
 */

import { z } from 'zod'
import { isName, separator } from '../category-path.ts'
import * as limits from '../limits.ts'
import { minorUnits, type Money } from '../money.ts'
import { ok, refused, type Result } from '../../result.ts'
import { fitTexts, pathText } from './texts.ts'

export interface CatalogRecord {
  readonly sku: string
  readonly name: string
  readonly description: string
  readonly brand?: string
  readonly categories: RecordCategories
  /** Each once. */
  readonly tags: readonly string[]
  readonly price: Money
  readonly images: readonly RecordImage[]
  readonly popularity?: number
  /** Units in stock; absent if the record has variants, which then count their own. */
  readonly quantity?: number
  /** Empty if the product comes in one form only. */
  readonly variants: readonly RecordVariant[]
}

/** A path of names, general to special; or several such paths, none of them empty. */
export type RecordCategories = readonly string[] | readonly (readonly string[])[]

export interface RecordImage {
  readonly url: string
  readonly alt?: string
}

export interface RecordVariant {
  readonly sku: string
  readonly options: Readonly<Record<string, string>>
  /** The product's price if absent. */
  readonly price?: Money
  readonly quantity?: number
}

/** What a file holds at a line: a product, or what is wrong with it. A product's line is its first. */
export type CatalogEntry =
  | { readonly line: number; readonly record: CatalogRecord }
  | { readonly line: number; readonly reason: string }

export const defaultCurrency = 'USD'

/** The record that a line's object means, or why it means none. */
export const parseRecord = (value: unknown): Result<CatalogRecord, string> => {
  const fit = fitTexts(value)
  if (!fit.ok) return fit
  const parsed = lineSchema.safeParse(fit.value, { reportInput: true })
  return parsed.success ? recordOf(parsed.data) : refused(reasonOf(parsed.error.issues))
}

const lines = (charsMax: number) => z.string().max(charsMax)

const line = (charsMax: number) =>
  lines(charsMax)
    .regex(/\S/, 'is blank')
    .regex(/^[^\n\t\p{Zl}\p{Zp}]*$/u, 'has a line break or tab')

// What one cannot see, one cannot type at a till or tell from another.
const sku = line(limits.skuMax).regex(
  /^[^\p{C}\p{Z}]+( [^\p{C}\p{Z}]+)*$/u,
  'has invisible characters',
)

const quantity = z.number().int('must be a whole number').min(0).max(limits.quantityMax)

// Only what any browser may fetch for a picture; above all, no `javascript:`.
const url = line(limits.urlMax).refine(
  (text) => /^https?:/i.test(text) && URL.canParse(text),
  'is no http(s) address',
)

const category = line(limits.categoryNameMax).refine(
  isName,
  `has "${separator}", which stands between categories`,
)

const categories = z.array(category).max(limits.categoryDepthMax)

const variantSchema = z.strictObject({
  sku,
  options: z.record(line(limits.optionMax), line(limits.optionMax)),
  price: z.number().optional(),
  currency: z.string().optional(),
  quantity: quantity.optional(),
})

const lineSchema = z.strictObject({
  sku,
  name: line(limits.nameMax),
  description: lines(limits.descriptionMax).default(''),
  brand: line(limits.brandMax).optional(),
  categories: z
    .union([categories, z.array(categories.min(1)).max(limits.categoriesMax)])
    .default([]),
  tags: z.array(line(limits.tagMax)).max(limits.tagsMax).default([]),
  price: z.number(),
  currency: z.string().default(defaultCurrency),
  image: url.optional(),
  images: z
    .array(z.strictObject({ url, alt: line(limits.altMax).optional() }))
    .max(limits.imagesMax)
    .optional(),
  popularity: z.number().int('must be a whole number').min(0).max(limits.popularityMax).optional(),
  quantity: quantity.optional(),
  variants: z.array(variantSchema).max(limits.variantsMax).default([]),
})

type ParsedLine = z.infer<typeof lineSchema>

const recordOf = (line: ParsedLine): Result<CatalogRecord, string> => {
  if (line.image !== undefined && line.images !== undefined) {
    return refused('image: stands beside images, which says the same')
  }
  if (line.quantity !== undefined && line.variants.length > 0) {
    return refused('quantity: belongs to each variant when there are variants')
  }
  const price = minorUnits(line.price, line.currency)
  if (!price.ok) return refused(`price: ${price.refusal.detail}`)
  const variants = variantsOf(line)
  if (!variants.ok) return variants
  return ok({
    sku: line.sku,
    name: line.name,
    description: line.description,
    ...(line.brand !== undefined && { brand: line.brand }),
    categories: line.categories,
    tags: [...new Set(line.tags)],
    price: price.value,
    images: line.image === undefined ? (line.images ?? []).map(imageOf) : [{ url: line.image }],
    ...(line.popularity !== undefined && { popularity: unsigned(line.popularity) }),
    ...(line.quantity !== undefined && { quantity: unsigned(line.quantity) }),
    variants: variants.value,
  })
}

const imageOf = ({ url, alt }: { url: string; alt?: string | undefined }): RecordImage =>
  alt === undefined ? { url } : { url, alt }

const variantsOf = (line: ParsedLine): Result<readonly RecordVariant[], string> => {
  const variants: RecordVariant[] = []
  const skus = new Set<string>()
  for (const [index, variant] of line.variants.entries()) {
    const path = `variants[${index}]`
    if (skus.has(variant.sku)) return refused(`${path}.sku: ${variant.sku} is used twice`)
    skus.add(variant.sku)
    if (Object.keys(variant.options).length > limits.optionsMax) {
      return refused(`${path}.options: more than ${limits.optionsMax}`)
    }
    if (variant.price === undefined && variant.currency !== undefined) {
      return refused(`${path}.currency: stands without a price`)
    }
    const price =
      variant.price === undefined
        ? undefined
        : minorUnits(variant.price, variant.currency ?? line.currency)
    if (price && !price.ok) return refused(`${path}.price: ${price.refusal.detail}`)
    variants.push({
      sku: variant.sku,
      options: variant.options,
      ...(price && { price: price.value }),
      ...(variant.quantity !== undefined && { quantity: unsigned(variant.quantity) }),
    })
  }
  return ok(variants)
}

// JSON can say -0, which a register's encoding cannot.
const unsigned = (value: number): number => value + 0

/** A line with very many faults is told by its first few. */
const reasonsMax = 3

const reasonOf = (issues: readonly z.core.$ZodIssue[]): string =>
  issues
    .slice(0, reasonsMax)
    .map((issue) => issueText(issue))
    .join('; ')

const issueText = (issue: z.core.$ZodIssue): string => {
  const at = issue.path.length === 0 ? '' : `${pathText(issue.path)}: `
  switch (issue.code) {
    case 'unrecognized_keys':
      return `${at}unknown field ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`
    case 'invalid_type':
      if (issue.path.length === 0) return 'is no JSON object'
      return `${at}${issue.input === undefined ? 'is missing' : `must be ${typeNames[issue.expected] ?? issue.expected}`}`
    case 'too_big':
      return `${at}is more than ${issue.maximum}${unitOf(issue.origin)}`
    case 'too_small':
      return `${at}is less than ${issue.minimum}${unitOf(issue.origin)}`
    case 'invalid_union': {
      // Of several shapes that it might have been, the one with the fewest faults was likely meant;
      // of two such, the one that was followed deeper.
      const [nearest = []] = issue.errors.toSorted(
        (a, b) => a.length - b.length || depthOf(b) - depthOf(a),
      )
      return reasonOf(nearest.map((one) => ({ ...one, path: [...issue.path, ...one.path] })))
    }
    case 'invalid_key':
      return `${at}${issue.issues.map((inner) => inner.message).join(', ')}`
    default:
      return `${at}${issue.message}`
  }
}

const depthOf = (issues: readonly z.core.$ZodIssue[]): number =>
  Math.max(0, ...issues.map(({ path }) => path.length))

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a finite number',
  int: 'a whole number',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

const unitOf = (origin: string): string =>
  origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : ''
