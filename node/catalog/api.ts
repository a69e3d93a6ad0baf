/** The catalog's words in the API: what is taken in, checked once here, and what is shown. */

import { z } from '@hono/zod-openapi'
import { line, Money, page, PageQuery, Receipt, text } from '../http/schemas.ts'
import { isProductId, slug, variantIdOf, productIdOf } from './ids.ts'
import * as limits from './limits.ts'
import { exponentOf, minorUnits } from './money.ts'
import type { Price } from './product.ts'
import type { ImageInput, ProductInput } from './product-input.ts'
import { productSorts } from './queries.ts'
import * as categoryPath from './category-path.ts'

// What one cannot see, one cannot type at a till or tell from another.
const Sku = line(limits.skuMax)
  .regex(
    /^[^\p{C}\p{Z}]+( [^\p{C}\p{Z}]+)*$/u,
    'Must be visible characters, with single spaces between them',
  )
  .openapi({ type: 'string', example: 'WX-4711' })
const Tag = line(limits.tagMax)

const CategoryName = line(limits.categoryNameMax).refine(
  categoryPath.isName,
  `Must not contain "${categoryPath.separator}"`,
)
const CategoryPath = z.array(CategoryName).max(limits.categoryDepthMax)

/** One path of names, general to special, or several paths. */
const Categories = z
  .union([CategoryPath, z.array(CategoryPath.min(1)).max(limits.categoriesMax)])
  .transform((given): string[][] => {
    const paths = given.filter((item) => Array.isArray(item))
    const names = given.filter((item) => typeof item === 'string')
    return names.length > 0 ? [names] : paths
  })
  .openapi({
    type: 'array',
    items: { type: 'string' },
    example: ['Phones', 'Prepaid Phones'],
    description: 'A path, general to special; or a list of such paths.',
  })

/** What any browser may fetch; above all, no `javascript:`. */
export const WebAddress = z.url({ protocol: /^https?$/ }).max(limits.urlMax)

const Image = z.strictObject({
  url: WebAddress,
  alt: line(limits.altMax).optional(),
})

const Quantity = z.int().min(0).max(limits.quantityMax)

export const Popularity = z.int().min(0).max(limits.popularityMax)

const Options = z
  .record(line(limits.optionMax), line(limits.optionMax))
  .refine((options) => Object.keys(options).length <= limits.optionsMax, 'Too many options')
  .openapi({ example: { Size: 'M', Colour: 'Sand' } })

export const KnownMoney = Money.refine(
  ({ currency }) => exponentOf(currency) !== undefined,
  'Is no ISO 4217 currency',
)

const VariantBody = z.strictObject({
  sku: Sku,
  options: Options.default({}),
  price: KnownMoney.optional(),
  initialQuantity: Quantity.optional(),
})

/** Money as it is, or a decimal number with its currency beside it. */
const PriceBody = z.union([KnownMoney, z.number().min(0)])

const currencyBeside = z
  .string()
  .refine((code) => exponentOf(code) !== undefined, 'Is no ISO 4217 currency')
  .optional()

const priceIn = (
  price: z.infer<typeof PriceBody>,
  currency: string | undefined,
  context: z.RefinementCtx,
): Price => {
  if (typeof price === 'object') {
    if (currency !== undefined && currency !== price.currency) {
      context.addIssue({ code: 'custom', path: ['currency'], message: 'Differs from the price' })
    }
    return price
  }
  const money = minorUnits(price, currency ?? 'USD')
  if (money.ok) return money.value
  context.addIssue({ code: 'custom', path: ['price'], message: money.refusal.detail })
  return z.NEVER
}

export const ProductBody = z
  .strictObject({
    sku: Sku,
    name: line(limits.nameMax).openapi({ example: 'Harbour Lamp' }),
    description: text(limits.descriptionMax).default(''),
    brand: line(limits.brandMax).nullable().default(null),
    categories: Categories.default([]),
    tags: z.array(Tag).max(limits.tagsMax).default([]),
    images: z.array(Image).max(limits.imagesMax).default([]),
    popularity: Popularity.default(0),
    price: PriceBody,
    currency: currencyBeside,
    initialQuantity: Quantity.optional().openapi({
      description: 'Units that came in at this node. Left out: stock is not counted.',
    }),
    variants: z.array(VariantBody).max(limits.variantsMax).default([]),
  })
  .transform((body, context): ProductInput => {
    const skus = new Set(body.variants.map(({ sku }) => sku))
    if (skus.size < body.variants.length) {
      context.addIssue({ code: 'custom', path: ['variants'], message: 'Two have the same SKU' })
    }
    if (body.initialQuantity !== undefined && body.variants.length > 0) {
      const message = 'Belongs to each variant when there are variants'
      context.addIssue({ code: 'custom', path: ['initialQuantity'], message })
    }
    return {
      ...body,
      price: priceIn(body.price, body.currency, context),
      images: imagesIn(body.images),
      initialQuantity: body.initialQuantity,
      variants: body.variants.map(({ sku, options, price, initialQuantity }) => ({
        sku,
        options: Object.entries(options),
        price: price ?? null,
        initialQuantity,
      })),
    }
  })
  .openapi('NewProduct')

export const ProductPatch = z
  .strictObject({
    name: line(limits.nameMax).optional(),
    description: text(limits.descriptionMax).optional(),
    brand: line(limits.brandMax).nullable().optional(),
    categories: Categories.optional(),
    tags: z.array(Tag).max(limits.tagsMax).optional().openapi({
      description: 'All tags. To change some and leave the others be: `addTags`, `removeTags`.',
    }),
    addTags: z.array(Tag).max(limits.tagsMax).optional(),
    removeTags: z.array(Tag).max(limits.tagsMax).optional(),
    images: z
      .array(Image)
      .max(limits.imagesMax)
      .transform((images) => imagesIn(images))
      .optional(),
    popularity: Popularity.optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'Must change something')
  .openapi('ProductPatch')

const imagesIn = (images: readonly z.infer<typeof Image>[]): readonly ImageInput[] =>
  images.map(({ url, alt }) => ({ url, alt: alt ?? null }))

export const PriceChangeBody = z
  .strictObject({
    price: PriceBody,
    currency: currencyBeside,
    reason: line(limits.reasonMax).optional(),
  })
  .transform(({ price, currency, reason }, context) => ({
    price: priceIn(price, currency, context),
    reason: reason ?? null,
  }))
  .openapi('PriceChange')

export const ProductParams = z.object({
  id: z
    .string()
    .refine(isProductId, 'Is no product id')
    .openapi({
      param: { name: 'id', in: 'path' },
      type: 'string',
      example: productIdOf('WX-4711'),
    }),
})

const minorUnitsText = z
  .string()
  .regex(/^\d{1,13}$/, 'Must be a whole number of minor units')
  .transform(Number)
  .openapi({ type: 'integer', minimum: 0, description: 'Minor units.' })

export const ProductQuery = PageQuery.extend({
  category: line(limits.categoryTextMax).optional().openapi({
    description: 'An id, `phones.prepaid-phones`, or a name; what is below it is included.',
  }),
  tag: Tag.optional(),
  brand: line(limits.brandMax).optional().openapi({ description: 'A name or an id.' }),
  minPrice: minorUnitsText.optional(),
  maxPrice: minorUnitsText.optional(),
  minRating: z
    .string()
    .regex(/^[0-5](\.\d)?$/, 'Must be a number from 0 to 5')
    .transform(Number)
    .optional()
    .openapi({ type: 'number', minimum: 0, maximum: 5 }),
  inStock: z
    .enum(['true', 'false'])
    .transform((given) => given === 'true')
    .optional()
    .openapi({ type: 'boolean' }),
  sort: z.enum(productSorts).default('newest'),
})

const exampleProduct = productIdOf('WX-4711')

export const ProductBodyOut = z
  .object({
    id: z.string().openapi({ example: exampleProduct }),
    sku: z.string(),
    name: z.string(),
    description: z.string(),
    brand: z.string().nullable(),
    categories: z.array(z.string()).openapi({
      description: 'Names, general to special; of several paths, each name once.',
    }),
    categoryPaths: z.array(z.array(z.string())).openapi({
      description: 'Every path; as `categories` takes them.',
      example: [['Phones', 'Prepaid Phones']],
    }),
    categoryIds: z.array(z.string()),
    tags: z.array(z.string()),
    images: z.array(z.object({ url: z.string(), alt: z.string().optional() })),
    popularity: z.int(),
    price: Money,
    variants: z
      .array(
        z.object({
          id: z.string().openapi({ example: variantIdOf(exampleProduct, 'WX-4711') }),
          sku: z.string(),
          options: z.record(z.string(), z.string()),
          price: Money,
          available: z.int().nullable().openapi({
            description: 'Units that can be sold somewhere; null: not counted, never short.',
          }),
        }),
      )
      .openapi({ description: 'At least one.' }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .openapi('Product')

export const ChangedProduct = ProductBodyOut.extend({ receipt: Receipt }).openapi('ChangedProduct')
export const ProductPage = page(ProductBodyOut).openapi('ProductPage')

export const Deleted = z.object({ id: z.string(), receipt: Receipt }).openapi('Deleted')

export const CategoryBody = z
  .strictObject({
    path: z.array(CategoryName).min(1).max(limits.categoryDepthMax),
    description: text(limits.descriptionMax).optional(),
    imageUrl: WebAddress.nullable().optional(),
  })
  .openapi('NewCategory')

export const CategoryPatch = CategoryBody.omit({ path: true })
  .refine((patch) => Object.keys(patch).length > 0, 'Must change something')
  .openapi('CategoryPatch')

export const BrandPatch = z
  .strictObject({
    description: text(limits.descriptionMax).optional(),
    logoUrl: WebAddress.nullable().optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'Must change something')
  .openapi('BrandPatch')

/** The id of a category or brand: each of its names as `slug` writes it. */
export const NamedParams = z.object({
  id: z
    .string()
    .max(limits.categoryTextMax)
    .refine((id) => id !== '' && id.split('.').every((part) => slug(part) === part), 'Is no id')
    .openapi({ param: { name: 'id', in: 'path' }, example: 'phones.prepaid-phones' }),
})

export const CategoryOut = z
  .object({
    id: z.string(),
    name: z.string(),
    path: z.array(z.string()),
    parent: z.string().nullable(),
    description: z.string(),
    imageUrl: z.string().nullable(),
    productCount: z.int().openapi({ description: 'Products in this very category.' }),
  })
  .openapi('Category')

export const BrandOut = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    logoUrl: z.string().nullable(),
    productCount: z.int(),
  })
  .openapi('Brand')

export const CategoryList = z.object({ items: z.array(CategoryOut) })
export const BrandList = z.object({ items: z.array(BrandOut) })
export const TagList = z.object({
  items: z.array(z.object({ tag: z.string(), productCount: z.int() })),
})

export const BatchLine = z
  .object({
    line: z.int().openapi({ description: 'Of the request, from 1.' }),
    status: z.enum(['created', 'updated', 'unchanged', 'rejected']),
    id: z.string().optional(),
    problem: z.object({ code: z.string(), detail: z.string() }).optional(),
  })
  .openapi('BatchLine')
