/** What the merged store keeps of promotions and coupons. */

import { relation, relationalKind } from '../merged/relation.ts'
import { isLive } from '../pricing/rostered.ts'
import { coupon, isIssued, viewCoupon } from './coupon.ts'
import { promotion, viewPromotion } from './promotion.ts'

export const promotionRelations = relationalKind({
  schema: promotion,
  relations: [
    relation('promotions', 'id', {
      id: 'text',
      name: 'text',
      benefit: 'jsonb',
      scope: 'jsonb',
      needs_coupon: ['boolean', 'needsCoupon'],
      is_combinable: ['boolean', 'isCombinable'],
      starts_at: 'timestamptz',
      ends_at: 'timestamptz',
    }),
  ],
  rows: (id, document) => {
    if (!isLive(document)) return {}
    const { benefit, scope, season, minSubtotal, ...shown } = viewPromotion(id, document)
    return {
      promotions: [
        {
          ...shown,
          benefit: JSON.stringify(benefit),
          scope: JSON.stringify({ ...scope, minSubtotal }),
          starts_at: season.startsMs,
          ends_at: season.endsMs,
        },
      ],
    }
  },
})

export const couponRelations = relationalKind({
  schema: coupon,
  relations: [
    relation('coupons', 'code', {
      code: 'text',
      promotion_id: ['text', 'promotion'],
      used: 'bigint',
      uses_limit: ['bigint', 'limit'],
      per_customer: ['bigint', 'perCustomer'],
      is_withdrawn: ['boolean', 'isWithdrawn'],
      ends_at: ['timestamptz', 'endsMs'],
    }),
  ],
  rows: (code, document) => (isIssued(document) ? { coupons: [viewCoupon(code, document)] } : {}),
})
