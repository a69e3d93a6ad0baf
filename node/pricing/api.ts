/** The words in which the API speaks of prices. */

import { z } from '@hono/zod-openapi'
import { slug } from '../catalog/ids.ts'
import { Currency, line, Money } from '../http/schemas.ts'
import { nameMax } from '../shipping/limits.ts'
import { couponsMax } from './limits.ts'
import type { Discount, Quote, QuotedLine, QuotedShipping, Tax } from './quote.ts'
import { quoteProblemCodes, type QuoteProblemCode } from './quote-problem.ts'

/** What a rostered document is called, and its id is made of. */
export const Name = line(nameMax).openapi({ example: 'Germany' })

/** The id that follows from a name. */
export const NamedId = z
  .string()
  .max(nameMax)
  .refine((id) => id !== '' && slug(id) === id, 'Is no id')

export const IdParams = z.object({
  id: NamedId.openapi({ param: { name: 'id', in: 'path' }, type: 'string', example: 'germany' }),
})

/** A time as the API writes it, as milliseconds. */
export const Time = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .openapi({ type: 'string', format: 'date-time' })

export const timeText = (ms: number | null): string | null =>
  ms === null ? null : new Date(ms).toISOString()

/** As much of an address as prices depend on; a whole one is welcome. */
export const DestinationIn = z
  .looseObject({
    country: z.string().regex(/^[A-Za-z]{2}$/, 'Must be an ISO 3166-1 code: two letters'),
    state: z.string().max(100).nullish(),
    postalCode: z.string().max(20).nullish(),
  })
  .transform(({ country, state, postalCode }) => ({ country, state, postalCode }))

export const QuoteBody = z
  .strictObject({
    address: DestinationIn.optional(),
    shippingMethod: NamedId.optional().openapi({
      description: 'Left out: the method that costs least.',
    }),
    coupons: z
      .array(line(64))
      .max(4 * couponsMax)
      .default([]),
  })
  .openapi('QuoteRequest')

const DiscountOut = z.object({
  promotion: z.string(),
  reason: z.string(),
  coupon: z.string().nullable(),
  amount: Money,
})

const TaxOut = z.object({
  rate: z.string(),
  name: z.string(),
  ratePpm: z.int().openapi({ description: 'Parts per million: 190000 is 19 %.' }),
  included: z.boolean().openapi({ description: 'Whether prices have it in them.' }),
  amount: Money,
})

const problemCodes = Object.keys(quoteProblemCodes) as [QuoteProblemCode, ...QuoteProblemCode[]]

export const ProblemOut = z.object({
  code: z.enum(problemCodes),
  detail: z.string(),
  next: z.string().openapi({ description: 'What the client may do about it.' }),
  blocking: z.boolean().openapi({ description: 'Whether no order can be made while it lasts.' }),
  variantId: z.string().nullable(),
  coupon: z.string().nullable(),
})

const ShippingOptionOut = z.object({
  method: z.string(),
  name: z.string(),
  price: Money,
  daysMin: z.int(),
  daysMax: z.int(),
})

export const QuoteOut = z
  .object({
    currency: Currency,
    lines: z.array(
      z.object({
        variantId: z.string(),
        productId: z.string(),
        sku: z.string(),
        name: z.string(),
        quantity: z.number(),
        unitPrice: Money.nullable().openapi({ description: 'null: it cannot be sold.' }),
        subtotal: Money,
        discounts: z.array(DiscountOut),
        discount: Money,
        tax: TaxOut.nullable(),
        total: Money,
      }),
    ),
    shipping: z
      .object({
        method: z.string(),
        name: z.string(),
        price: Money,
        discounts: z.array(DiscountOut),
        discount: Money,
        tax: TaxOut.nullable(),
        total: Money,
        daysMin: z.int(),
        daysMax: z.int(),
      })
      .nullable(),
    shippingOptions: z.array(ShippingOptionOut).openapi({
      description: 'The methods that go there, with what each costs before discounts.',
    }),
    coupons: z.array(z.object({ code: z.string(), promotion: z.string() })),
    discounts: z.array(DiscountOut),
    taxes: z.array(TaxOut),
    totals: z
      .object({
        items: Money,
        discount: Money,
        shipping: Money,
        shippingDiscount: Money,
        tax: Money,
        includedTax: Money,
        total: Money,
      })
      .openapi({ description: 'total = items − discount + shipping − shippingDiscount + tax.' }),
    problems: z.array(ProblemOut),
  })
  .openapi('Quote')

export type ShownQuote = z.infer<typeof QuoteOut>

export const showQuote = (
  quote: Quote,
  options: readonly {
    readonly method: { readonly id: string; readonly name: string; readonly days: Days }
    readonly priceMinor: number
  }[],
): ShownQuote => {
  const { currency, totals } = quote
  const money = moneyIn(currency)
  return {
    currency,
    lines: quote.lines.map((line) => ({
      variantId: line.variant,
      productId: line.product,
      sku: line.sku,
      name: line.name,
      quantity: line.quantity,
      unitPrice: line.unitMinor === null ? null : money(line.unitMinor),
      subtotal: money(line.subtotalMinor),
      ...showPart(line, currency),
    })),
    shipping: quote.shipping && {
      method: quote.shipping.method,
      name: quote.shipping.name,
      price: money(quote.shipping.priceMinor),
      daysMin: quote.shipping.daysMin,
      daysMax: quote.shipping.daysMax,
      ...showPart(quote.shipping, currency),
    },
    shippingOptions: options.map(({ method: { id, name, days }, priceMinor }) => ({
      method: id,
      name,
      price: money(priceMinor),
      daysMin: days.min,
      daysMax: days.max,
    })),
    coupons: [...quote.coupons],
    discounts: quote.discounts.map((discount) => showDiscount(discount, currency)),
    taxes: quote.taxes.map((tax) => showTax(tax, currency)),
    totals: {
      items: money(totals.itemsMinor),
      discount: money(totals.discountMinor),
      shipping: money(totals.shippingMinor),
      shippingDiscount: money(totals.shippingDiscountMinor),
      tax: money(totals.taxMinor),
      includedTax: money(totals.includedTaxMinor),
      total: money(totals.totalMinor),
    },
    problems: quote.problems.map(({ code, detail, isBlocking, variantId, coupon }) => ({
      code,
      detail,
      next: quoteProblemCodes[code],
      blocking: isBlocking,
      variantId,
      coupon,
    })),
  }
}

interface Days {
  readonly min: number
  readonly max: number
}

const moneyIn = (currency: string) => (amount: number) => ({ amount, currency })

const showPart = (part: QuotedLine | QuotedShipping, currency: string) => ({
  discounts: part.discounts.map((discount) => showDiscount(discount, currency)),
  discount: { amount: part.discountMinor, currency },
  tax: part.tax && showTax(part.tax, currency),
  total: { amount: part.totalMinor, currency },
})

const showDiscount = ({ amountMinor: amount, ...said }: Discount, currency: string) => ({
  ...said,
  amount: { amount, currency },
})

const showTax = (
  { amountMinor: amount, isIncluded: included, ...said }: Tax,
  currency: string,
) => ({ ...said, included, amount: { amount, currency } })
