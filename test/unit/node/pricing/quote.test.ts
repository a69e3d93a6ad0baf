/** What a quote holds to, whatever the shop sells, taxes and gives away. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { productIdOf, variantIdOf } from '../../../../node/catalog/ids.ts'
import { deleteProduct } from '../../../../node/catalog/product-rules.ts'
import type { Quote, QuotedLine, QuotedShipping } from '../../../../node/pricing/quote.ts'
import { couponsMax, quoteMinorMax } from '../../../../node/pricing/limits.ts'
import {
  editCoupon,
  issueCoupon,
  type CouponCode,
  type CouponInput,
} from '../../../../node/promotions/coupon.ts'
import { promotionRules } from '../../../../node/promotions/promotion.ts'
import { methodRules } from '../../../../node/shipping/method.ts'
import { zoneRules } from '../../../../node/shipping/zone.ts'
import { taxRateRules } from '../../../../node/tax/tax-rate.ts'
import { askOf, basket, open, shop } from './arbitrary-shop.ts'
import { createMarket, type Market } from './market.ts'

const variantOf = (sku: string) => variantIdOf(productIdOf(sku), sku)

const sum = <T>(items: readonly T[], part: (item: T) => number) =>
  items.reduce((total, item) => total + part(item), 0)

describe('a quote', () => {
  test('adds up to the minor unit, with nothing negative in it', () => {
    fc.assert(
      fc.property(shop, basket, (goods, want) => {
        const quoted = open(goods).quote(askOf(want, variantOf))
        expect(faultsOf(quoted)).toEqual([])
      }),
      { numRuns: 250 },
    )
  })

  test('is the same in whatever order lines and coupons are listed and promotions were made', () => {
    fc.assert(
      fc.property(shop, basket, fc.infiniteStream(fc.nat()), (goods, want, noise) => {
        const shuffled = <T>(items: readonly T[]): T[] =>
          items
            .map((item) => ({ item, by: noise.next().value as number }))
            .sort((a, b) => a.by - b.by)
            .map(({ item }) => item)
        const quoted = open(goods).quote(askOf(want, variantOf))
        const other = open(goods, (count) => shuffled([...Array(count).keys()])).quote(
          askOf(
            { ...want, lines: shuffled(want.lines), coupons: shuffled(want.coupons) },
            variantOf,
          ),
        )
        expect(other.totals).toEqual(quoted.totals)
        expect(other.coupons).toEqual(quoted.coupons)
        expect(inOrder(other.lines)).toEqual(inOrder(quoted.lines))
        expect(other.problems.map(({ code, coupon }) => `${code} ${coupon}`).sort()).toEqual(
          quoted.problems.map(({ code, coupon }) => `${code} ${coupon}`).sort(),
        )
      }),
      { numRuns: 150 },
    )
  })

  test('names each coupon once: it counts, or a problem says why not', () => {
    fc.assert(
      fc.property(shop, basket, (goods, want) => {
        const quoted = open(goods).quote(askOf(want, variantOf))
        const told = [
          ...quoted.coupons.map(({ code }) => code),
          ...quoted.problems.flatMap(({ coupon }) => coupon ?? []),
        ]
        expect(new Set(told).size).toBe(told.length)
        // A coupon for free shipping waits until something is shipped.
        const isWaiting = quoted.shipping === null
        expect(isWaiting ? [] : told.sort()).toEqual(isWaiting ? [] : [...want.coupons].sort())
      }),
      { numRuns: 150 },
    )
  })
})

/** What does not add up in a quote, each in a word. */
const faultsOf = ({ lines, shipping, totals, discounts, taxes }: Quote): readonly string[] => {
  const parts = [...lines, ...(shipping ? [shipping] : [])]
  const {
    itemsMinor,
    discountMinor,
    shippingMinor,
    shippingDiscountMinor,
    taxMinor,
    includedTaxMinor,
    totalMinor,
  } = totals
  const holds = {
    total:
      totalMinor === itemsMinor - discountMinor + shippingMinor - shippingDiscountMinor + taxMinor,
    parts: totalMinor === sum(parts, (part) => part.totalMinor),
    items: itemsMinor === sum(lines, ({ subtotalMinor }) => subtotalMinor),
    discounts:
      sum(discounts, ({ amountMinor }) => amountMinor) === discountMinor + shippingDiscountMinor,
    taxes: sum(taxes, ({ amountMinor }) => amountMinor) === taxMinor + includedTaxMinor,
    whole: Object.values(totals).every((number) => Number.isSafeInteger(number) && number >= 0),
  }
  return [
    ...Object.entries(holds).flatMap(([what, isSo]) => (isSo ? [] : [what])),
    ...parts.flatMap(faultsOfPart),
  ]
}

const faultsOfPart = (part: QuotedLine | QuotedShipping): readonly string[] => {
  const gross = 'subtotalMinor' in part ? part.subtotalMinor : part.priceMinor
  const tax = part.tax?.amountMinor ?? 0
  const isIncluded = part.tax?.isIncluded ?? true
  const holds = {
    discounts: part.discountMinor === sum(part.discounts, ({ amountMinor }) => amountMinor),
    discountIsWithin: part.discountMinor <= gross,
    total: part.totalMinor === gross - part.discountMinor + (isIncluded ? 0 : tax),
    taxIsWithin: !isIncluded || tax <= part.totalMinor,
    nothingNegative: [gross, part.discountMinor, part.totalMinor, tax].every((one) => one >= 0),
    noEmptyDiscount: part.discounts.every(({ amountMinor }) => amountMinor > 0),
  }
  return Object.entries(holds).flatMap(([what, isSo]) => (isSo ? [] : [`part: ${what}`]))
}

// Two lines of one variant may share a discount either way: what they come to together is the same.
const inOrder = (lines: readonly QuotedLine[]) =>
  [...Map.groupBy(lines, ({ variant }) => variant)]
    .map(([variant, own]) => ({
      variant,
      subtotal: sum(own, ({ subtotalMinor }) => subtotalMinor),
      discount: sum(own, ({ discountMinor }) => discountMinor),
      total: sum(own, ({ totalMinor }) => totalMinor),
    }))
    .sort((a, b) => (a.variant < b.variant ? -1 : 1))

const teaShop = () => {
  const market = createMarket()
  const tea = market.sell({ sku: 'TEA', name: 'Tea', price: { amount: 1_000, currency: 'EUR' } })
  return { market, tea, one: [{ variant: tea, quantity: 1 }] }
}

const coupon = (market: Market, fields: Partial<CouponInput> = {}) =>
  market.run(issueCoupon, {
    code: 'TEN' as CouponCode,
    promotion: 'ten',
    limit: null,
    perCustomer: null,
    endsMs: null,
    nodes: [],
    ...fields,
  })

const codesOf = ({ problems }: Quote) => problems.map(({ code }) => code)

describe('problems are data', () => {
  test('of what cannot be sold, with the rest priced beside it', () => {
    const { market, tea } = teaShop()
    const cup = market.sell({ sku: 'CUP', price: { amount: 500, currency: 'USD' } })
    const pot = market.sell({ sku: 'POT', price: { amount: quoteMinorMax, currency: 'EUR' } })
    const gone = market.sell({ sku: 'GONE', price: { amount: 1, currency: 'EUR' } })
    market.run(deleteProduct, { id: productIdOf('GONE'), reason: '' })
    const lines = [
      { variant: tea, quantity: 2 },
      { variant: cup, quantity: 1 },
      { variant: gone, quantity: 1 },
      { variant: variantOf('NEVER'), quantity: 1 },
      { variant: pot, quantity: 1 },
    ]
    const quoted = market.quote({ lines, address: { country: 'DE' } })
    expect(quoted.problems.map(({ code, variantId }) => [code, variantId])).toEqual([
      ['currency_mismatch', cup],
      ['variant_unavailable', gone],
      ['variant_unavailable', variantOf('NEVER')],
      ['amount_out_of_range', pot],
    ])
    expect(quoted.totals.totalMinor).toBe(2_000)
    expect(quoted.lines.map(({ unitMinor }) => unitMinor)).toEqual([1_000, null, null, null, null])
  })

  test.each([0, -1, 1.5, NaN, Infinity, 1_000, 2 ** 53])('of a quantity of %d', (quantity) => {
    const { market, tea } = teaShop()
    const lines = [
      { variant: tea, quantity },
      { variant: tea, quantity: 1 },
    ]
    const quoted = market.quote({ lines, address: { country: 'DE' } })
    expect(codesOf(quoted)).toEqual(['quantity_out_of_range'])
    expect(quoted.totals.totalMinor).toBe(1_000)
  })

  test('of coupons: unknown, early, late, ended, withdrawn, too many', () => {
    const { market, one } = teaShop()
    const ask = (...coupons: string[]) =>
      codesOf(market.quote({ lines: one, coupons, address: { country: 'DE' } }))
    market.promote('ten', { needsCoupon: true })
    expect(ask('ten')).toEqual(['coupon_unknown'])
    expect(ask('no such; drop table')).toEqual(['coupon_unknown'])
    coupon(market)
    expect(ask(' ten ')).toEqual([])
    market.run(promotionRules.edit, { id: 'ten', season: { startsMs: 9e12, endsMs: null } })
    expect(ask('TEN')).toEqual(['coupon_not_started'])
    market.run(promotionRules.edit, { id: 'ten', season: { startsMs: null, endsMs: 1 } })
    expect(ask('TEN')).toEqual(['coupon_expired'])
    market.run(promotionRules.edit, { id: 'ten', season: { startsMs: null, endsMs: null } })
    market.run(editCoupon, { code: 'TEN' as CouponCode, endsMs: 1, nodes: [] })
    expect(ask('TEN')).toEqual(['coupon_expired'])
    market.run(editCoupon, {
      code: 'TEN' as CouponCode,
      endsMs: null,
      isWithdrawn: true,
      nodes: [],
    })
    expect(ask('TEN')).toEqual(['coupon_withdrawn'])
    market.run(editCoupon, { code: 'TEN' as CouponCode, isWithdrawn: false, nodes: [] })
    market.run(promotionRules.remove, { id: 'ten' })
    expect(ask('TEN')).toEqual(['coupon_withdrawn'])
    const many = Array.from({ length: couponsMax + 2 }, (_, at) => `CODE-${at}`)
    expect(ask(...many).filter((code) => code === 'too_many_coupons')).toHaveLength(2)
  })

  test('of coupons that do not fit the goods, their currency, or the others', () => {
    const { market, tea } = teaShop()
    const ask = (quantity: number, ...coupons: string[]) =>
      market.quote({ lines: [{ variant: tea, quantity }], coupons, address: { country: 'DE' } })
    const alone = { needsCoupon: true, isCombinable: false }
    market.promote('ten', { ...alone, minSubtotal: { amount: 2_000, currency: 'EUR' } })
    market.promote('dollars', {
      ...alone,
      benefit: { kind: 'amount', amount: 100, currency: 'USD' },
    })
    market.promote('less', { ...alone, benefit: { kind: 'percentage', ppm: 50_000 } })
    coupon(market)
    coupon(market, { code: 'DOLLARS' as CouponCode, promotion: 'dollars' })
    coupon(market, { code: 'LESS' as CouponCode, promotion: 'less' })
    expect(codesOf(ask(1, 'TEN'))).toEqual(['coupon_not_applicable'])
    expect(codesOf(ask(2, 'DOLLARS'))).toEqual(['currency_mismatch'])
    const both = ask(2, 'LESS', 'TEN')
    expect(both.coupons).toEqual([{ code: 'TEN', promotion: 'ten' }])
    expect(both.problems).toMatchObject([
      { code: 'coupon_not_combinable', coupon: 'LESS', isBlocking: false },
    ])
    expect(both.totals).toMatchObject({ discountMinor: 200, totalMinor: 1_800 })
  })

  test('of shipping: unknown, not there, not yet; and none in a shop without methods', () => {
    const { market, one } = teaShop()
    const ask = (shippingMethod: string | undefined, country?: string) => {
      const address = country === undefined ? undefined : { country }
      return market.quote({ lines: one, shippingMethod, address })
    }
    expect(codesOf(ask(undefined, 'DE'))).toEqual([])
    market.run(zoneRules.create, { id: 'de', name: 'DE', areas: ['DE'] })
    const flat = (amount: number) => [
      {
        zone: 'de',
        currency: 'EUR',
        basis: 'flat',
        steps: [{ from: 0, amount }],
        upTo: null,
      } as const,
    ]
    const days = { min: 1, max: 2 }
    market.run(methodRules.create, {
      id: 'post',
      name: 'Post',
      carrier: '',
      days,
      rates: flat(490),
    })
    market.run(methodRules.create, { id: 'van', name: 'Van', carrier: '', days, rates: flat(390) })
    expect(codesOf(ask('plane', 'DE'))).toEqual(['shipping_method_unknown'])
    expect(codesOf(ask('post', 'FR'))).toEqual(['shipping_unavailable'])
    expect(codesOf(ask(undefined, 'FR'))).toEqual(['shipping_unavailable'])
    expect(codesOf(ask('post'))).toEqual(['address_required'])
    expect(ask('post', 'DE').totals.totalMinor).toBe(1_490)
    // Not chosen: the one that costs least.
    expect(ask(undefined, 'DE').shipping).toMatchObject({ method: 'van', totalMinor: 390 })
    market.run(methodRules.remove, { id: 'van' })
    expect(codesOf(ask('van', 'DE'))).toEqual(['shipping_method_unknown'])
  })
})

describe('in numbers', () => {
  test('tax, discount and shipping meet in one sum', () => {
    const { market, tea } = teaShop()
    market.run(zoneRules.create, { id: 'de', name: 'DE', areas: ['DE'] })
    market.run(taxRateRules.create, {
      id: 'vat',
      name: 'VAT',
      zone: 'de',
      category: null,
      ratePpm: 190_000,
      isIncluded: false,
      isOnShipping: true,
    })
    market.run(methodRules.create, {
      id: 'post',
      name: 'Post',
      carrier: 'DHL',
      days: { min: 1, max: 3 },
      rates: [
        {
          zone: 'de',
          currency: 'EUR',
          basis: 'subtotal',
          steps: [
            { from: 0, amount: 490 },
            { from: 3_000, amount: 0 },
          ],
          upTo: null,
        },
      ],
    })
    market.promote('summer', { benefit: { kind: 'percentage', ppm: 150_000 } })
    const lines = [{ variant: tea, quantity: 3 }]
    const quoted = market.quote({ lines, address: { country: 'DE' } })
    // 3 × 10.00 − 15 % = 25.50: under the 30.00 from which shipping is free.
    expect(quoted.totals).toEqual({
      itemsMinor: 3_000,
      discountMinor: 450,
      shippingMinor: 490,
      shippingDiscountMinor: 0,
      taxMinor: 484 + 93,
      includedTaxMinor: 0,
      totalMinor: 2_550 + 484 + 490 + 93,
    })
    expect(quoted.taxes).toMatchObject([{ rate: 'vat', amountMinor: 577 }])
    expect(quoted.discounts).toMatchObject([{ promotion: 'summer', amountMinor: 450 }])
  })

  test('an agreed price stands in the place of the catalog price', () => {
    const { market, tea } = teaShop()
    const lines = [{ variant: tea, quantity: 2, agreed: { amount: 700, currency: 'EUR' } }]
    expect(market.quote({ lines, address: { country: 'DE' } }).totals.totalMinor).toBe(1_400)
  })
})
