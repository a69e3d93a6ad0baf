/** The words in which the API speaks of promotions and coupons. */

import { z } from '@hono/zod-openapi'
import { KnownMoney, NamedParams } from '../catalog/api.ts'
import { isProductId } from '../catalog/ids.ts'
import { line, Money, page, PageQuery, Receipt } from '../http/schemas.ts'
import { Name, NamedId, Time, timeText } from '../pricing/api.ts'
import { million } from '../pricing/half-even.ts'
import { couponCodeOf, type CouponCode, type CouponView } from './coupon.ts'
import * as limits from './limits.ts'
import { allGoods, type Benefit, type PromotionView } from './promotion.ts'

const Share = z.int().min(1).max(million).openapi({
  example: 100_000,
  description: 'Parts per million: 100000 is 10 %.',
})

const scopeFields = {
  products: z
    .array(z.string().refine(isProductId, 'Is no product id').openapi({ type: 'string' }))
    .max(limits.scopeMax)
    .default([]),
  categories: z.array(NamedParams.shape.id).max(limits.scopeMax).default([]),
  brands: z.array(NamedParams.shape.id).max(limits.scopeMax).default([]),
  tags: z.array(line(64)).max(limits.scopeMax).default([]),
}

const ScopeBody = z.strictObject(scopeFields).openapi('PromotionScope', {
  description: 'Goods that are in one of these. All empty: all goods.',
})

const Count = z.int().min(1).max(limits.bargainMax)

const BenefitBody = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('percentage'), ppm: Share }),
    z.strictObject({ kind: z.literal('amount'), amount: KnownMoney }),
    z.strictObject({
      kind: z.literal('buy_x_get_y'),
      buy: Count,
      get: Count,
      ppm: Share.default(million),
      gets: ScopeBody.nullable().default(null),
      timesMax: Count.nullable().default(null),
    }),
    z.strictObject({
      kind: z.literal('free_shipping'),
      methods: z.array(NamedId).max(limits.scopeMax).default([]),
    }),
  ])
  .openapi('Benefit')

const fields = {
  name: Name.openapi({ example: 'Summer sale', description: 'What shoppers read as the reason.' }),
  benefit: BenefitBody,
  scope: ScopeBody,
  minSubtotal: KnownMoney.nullable(),
  startsAt: Time.nullable(),
  endsAt: Time.nullable(),
  needsCoupon: z.boolean(),
  combinable: z.boolean().openapi({
    description: 'Whether it counts together with others that may be combined.',
  }),
}

const inTime = ({
  startsAt,
  endsAt,
}: Pick<z.infer<typeof PromotionTimes>, 'startsAt' | 'endsAt'>) =>
  startsAt == null || endsAt == null || startsAt < endsAt

const PromotionTimes = z.object({ startsAt: fields.startsAt, endsAt: fields.endsAt }).partial()
const wrongTimes = { path: ['endsAt'], message: 'Must be after it starts' }

export const PromotionBody = z
  .strictObject({
    ...fields,
    scope: ScopeBody.default(allGoods as z.infer<typeof ScopeBody>),
    minSubtotal: fields.minSubtotal.default(null),
    startsAt: fields.startsAt.default(null),
    endsAt: fields.endsAt.default(null),
    needsCoupon: fields.needsCoupon.default(false),
    combinable: fields.combinable.default(false),
  })
  .refine(inTime, wrongTimes)
  .transform(({ benefit, startsAt, endsAt, combinable, ...rest }) => ({
    ...rest,
    benefit: benefitIn(benefit),
    season: { startsMs: startsAt, endsMs: endsAt },
    isCombinable: combinable,
  }))
  .openapi('NewPromotion')

/** Both times are given, or neither: they are one register, so that no two edits make one impossible. */
export const PromotionPatch = z
  .strictObject(fields)
  .partial()
  .refine(inTime, wrongTimes)
  .refine(({ startsAt, endsAt }) => (startsAt === undefined) === (endsAt === undefined), {
    path: ['endsAt'],
    message: 'Must be given with startsAt; null for none',
  })
  .transform(({ benefit, startsAt, endsAt, combinable, ...rest }) => ({
    ...rest,
    ...(benefit === undefined ? {} : { benefit: benefitIn(benefit) }),
    ...(combinable === undefined ? {} : { isCombinable: combinable }),
    ...(startsAt === undefined || endsAt === undefined
      ? {}
      : { season: { startsMs: startsAt, endsMs: endsAt } }),
  }))
  .openapi('PromotionPatch')

const benefitIn = (benefit: z.infer<typeof BenefitBody>): Benefit =>
  benefit.kind === 'amount' ? { kind: 'amount', ...benefit.amount } : benefit

const ScopeOut = z.object({
  products: z.array(z.string()),
  categories: z.array(z.string()),
  brands: z.array(z.string()),
  tags: z.array(z.string()),
})

export const PromotionOut = z
  .object({
    id: z.string(),
    name: z.string(),
    benefit: z.looseObject({
      kind: z.enum(['percentage', 'amount', 'buy_x_get_y', 'free_shipping']),
    }),
    scope: ScopeOut,
    minSubtotal: Money.nullable(),
    startsAt: z.iso.datetime().nullable(),
    endsAt: z.iso.datetime().nullable(),
    needsCoupon: z.boolean(),
    combinable: z.boolean(),
  })
  .openapi('Promotion')

export const showPromotion = (view: PromotionView): object => {
  const { benefit, season, isCombinable: combinable, ...rest } = view
  const { startsMs, endsMs } = season
  return {
    ...rest,
    benefit: benefitOut(benefit),
    startsAt: timeText(startsMs),
    endsAt: timeText(endsMs),
    combinable,
  }
}

const benefitOut = (benefit: Benefit): object =>
  benefit.kind === 'amount'
    ? { kind: 'amount', amount: { amount: benefit.amount, currency: benefit.currency } }
    : benefit

const Code = z
  .string()
  .max(64)
  .transform((typed, context): CouponCode => {
    const code = couponCodeOf(typed)
    if (code !== undefined) return code
    context.addIssue({ code: 'custom', message: 'Must be 3 to 32 letters, digits and hyphens' })
    return z.NEVER
  })
  .openapi({ type: 'string', example: 'WELCOME-10' })

const Uses = z.int().min(1).max(limits.usesMax)

export const CouponBody = z
  .strictObject({
    code: Code,
    promotion: NamedId,
    limit: Uses.nullable().default(null).openapi({ description: 'Uses in all; null: any number.' }),
    perCustomer: z.int().min(1).max(limits.perCustomerMax).nullable().default(null).openapi({
      description: 'Uses of one account; null: as many as there are. Guests may not use it then.',
    }),
    endsAt: Time.nullable().default(null),
  })
  .openapi('NewCoupon')

export const CouponPatch = z
  .strictObject({
    more: Uses.optional().openapi({ description: 'Uses beyond those issued before.' }),
    endsAt: Time.nullable().optional(),
    withdrawn: z.boolean().optional(),
  })
  .openapi('CouponPatch')

export const CouponParams = z.object({
  code: Code.openapi({
    param: { name: 'code', in: 'path' },
    type: 'string',
    example: 'WELCOME-10',
  }),
})

export const CouponQuery = PageQuery.extend({ promotion: NamedId.optional() })

export const CouponOut = z
  .object({
    code: z.string(),
    promotion: z.string(),
    limit: z.int().nullable(),
    used: z.int(),
    perCustomer: z.int().nullable(),
    endsAt: z.iso.datetime().nullable(),
    withdrawn: z.boolean(),
  })
  .openapi('Coupon')

export const ChangedCoupon = CouponOut.extend({ receipt: Receipt }).openapi('ChangedCoupon')
export const CouponPage = page(CouponOut).openapi('CouponPage')

export const showCoupon = ({ endsMs, isWithdrawn: withdrawn, ...rest }: CouponView): object => ({
  ...rest,
  endsAt: timeText(endsMs),
  withdrawn,
})
