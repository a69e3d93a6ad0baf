/** Shops at random: goods, zones, taxes, ways of shipping, promotions and coupons; and baskets in them. */

import * as fc from 'fast-check'
import type { QuoteAsk } from '../../../../node/pricing/quote.ts'
import { issueCoupon, type CouponCode } from '../../../../node/promotions/coupon.ts'
import type { Benefit, PromotionInput, Scope } from '../../../../node/promotions/promotion.ts'
import { methodRules, type Rate } from '../../../../node/shipping/method.ts'
import { weigh } from '../../../../node/shipping/parcel.ts'
import { zoneRules } from '../../../../node/shipping/zone.ts'
import { taxRateRules } from '../../../../node/tax/tax-rate.ts'
import { productIdOf } from '../../../../node/catalog/ids.ts'
import { createMarket, promotionInput, type Market } from './market.ts'

export const skus = ['TEA', 'CUP', 'POT', 'TRAY'] as const
const categoryOf = { TEA: ['Food'], CUP: ['Home', 'Cups'], POT: ['Home'], TRAY: [] } as const
const codes = ['SPRING', 'WELCOME', 'TEN-OFF'] as const

const scope: fc.Arbitrary<Scope> = fc.record({
  products: fc.constantFrom([], [], [productIdOf('TEA')]),
  categories: fc.constantFrom([], [], ['home'], ['food']),
  brands: fc.constant([]),
  tags: fc.constantFrom([], [], ['new']),
})

export const benefit: fc.Arbitrary<Benefit> = fc.oneof(
  fc.record({ kind: fc.constant('percentage' as const), ppm: fc.nat(1_000_000) }),
  fc.record({
    kind: fc.constant('amount' as const),
    amount: fc.nat(20_000),
    currency: fc.constantFrom('EUR', 'EUR', 'EUR', 'USD'),
  }),
  fc.record({
    kind: fc.constant('buy_x_get_y' as const),
    buy: fc.integer({ min: 1, max: 4 }),
    get: fc.integer({ min: 1, max: 3 }),
    ppm: fc.nat(1_000_000),
    gets: fc.option(scope),
    timesMax: fc.option(fc.integer({ min: 1, max: 3 })),
  }),
  fc.record({
    kind: fc.constant('free_shipping' as const),
    methods: fc.constantFrom([], ['parcel']),
  }),
)

export const promotion: fc.Arbitrary<PromotionInput> = fc
  .record({
    benefit,
    scope,
    minSubtotal: fc.option(
      fc.record({ amount: fc.nat(20_000), currency: fc.constantFrom('EUR', 'EUR', 'USD') }),
    ),
    needsCoupon: fc.boolean(),
    isCombinable: fc.boolean(),
  })
  .map(promotionInput)

const rate: fc.Arbitrary<Rate> = fc.record({
  zone: fc.constantFrom('everywhere', 'germany'),
  currency: fc.constantFrom('EUR', 'EUR', 'EUR', 'USD'),
  basis: fc.constantFrom('flat' as const, 'weight' as const, 'subtotal' as const),
  steps: fc
    .uniqueArray(fc.record({ from: fc.nat(10_000), amount: fc.nat(2_000) }), {
      minLength: 1,
      maxLength: 3,
      selector: ({ from }) => from,
    })
    .map((steps) => steps.toSorted((a, b) => a.from - b.from)),
  upTo: fc.option(fc.integer({ min: 5_000, max: 50_000 })),
})

const taxRate = fc.record({
  zone: fc.constantFrom('everywhere', 'germany'),
  category: fc.constantFrom(null, 'home', 'food'),
  ratePpm: fc.nat(300_000),
  isIncluded: fc.boolean(),
  isOnShipping: fc.boolean(),
})

export const shop = fc.record({
  prices: fc.tuple(...skus.map(() => fc.nat(10_000))),
  rates: fc.array(rate, { maxLength: 4 }),
  taxes: fc.array(taxRate, { maxLength: 4 }),
  promotions: fc.array(promotion, { maxLength: 5 }),
  coupons: fc.uniqueArray(fc.record({ code: fc.constantFrom(...codes), promotion: fc.nat(4) }), {
    selector: ({ code }) => code,
  }),
})

export type Shop = typeof shop extends fc.Arbitrary<infer S> ? S : never

export const basket = fc.record({
  lines: fc.array(
    fc.record({ sku: fc.constantFrom(...skus), quantity: fc.integer({ min: 1, max: 12 }) }),
    { maxLength: 6 },
  ),
  coupons: fc.subarray([...codes]),
  address: fc.constantFrom({ country: 'DE' }, { country: 'FR' }, undefined),
  shippingMethod: fc.constantFrom(undefined, 'parcel', 'courier'),
})

export type Basket = typeof basket extends fc.Arbitrary<infer B> ? B : never

/** Opens the shop; `turns` says in which order its promotions are made. */
export const open = (
  { prices, rates, taxes, promotions, coupons }: Shop,
  turns: (count: number) => readonly number[] = (count) => [...Array(count).keys()],
): Market => {
  const market = createMarket()
  for (const [at, sku] of skus.entries()) {
    const categories = categoryOf[sku].length > 0 ? [[...categoryOf[sku]]] : []
    const price = { amount: prices[at] ?? 0, currency: 'EUR' }
    market.sell({ sku, name: sku, price, categories, tags: at % 2 === 0 ? ['new'] : [] })
    market.run(weigh, { product: productIdOf(sku), variant: undefined, grams: 250 * (at + 1) })
  }
  market.run(zoneRules.create, { id: 'everywhere', name: 'Everywhere', areas: ['*'] })
  market.run(zoneRules.create, { id: 'germany', name: 'Germany', areas: ['DE'] })
  for (const [id, own] of [
    ['parcel', rates.slice(0, 2)],
    ['courier', rates.slice(2)],
  ] as const) {
    const input = { id, name: id, carrier: '', days: { min: 1, max: 3 }, rates: own }
    market.run(methodRules.create, input)
  }
  for (const [at, tax] of taxes.entries()) {
    market.run(taxRateRules.create, { ...tax, id: `tax-${at}`, name: `Tax ${at}` })
  }
  for (const at of turns(promotions.length)) {
    market.promote(`promotion-${at}`, { ...promotions[at], name: `Promotion ${at}` })
  }
  for (const { code, promotion: of } of coupons) {
    market.run(issueCoupon, {
      code: code as CouponCode,
      promotion: `promotion-${of}`,
      limit: null,
      perCustomer: null,
      endsMs: null,
      nodes: [],
    })
  }
  return market
}

export const askOf = (
  { lines, ...rest }: Basket,
  variantOf: (sku: string) => string,
): Partial<QuoteAsk> => ({
  ...rest,
  lines: lines.map(({ sku, quantity }) => ({ variant: variantOf(sku) as never, quantity })),
})
