/** What an heir takes of coupons: the uses in all, and each customer's own, that a node which is gone had left. */

import { edit } from '../../crdt/document.ts'
import { draftDelta } from '../core/capability.ts'
import type { Inherited, Legacy } from '../inventory/legacy.ts'
import { allowance } from './allowance.ts'
import { coupon } from './coupon.ts'
import type { PromotionQueries } from './queries.ts'

const couponLegacy: Legacy = {
  kind: coupon.kind,
  counter: ({ read }, id) => ({ store: read(coupon, id).store.uses }),
  changed: ({ read }, id, change) =>
    draftDelta(coupon, id, edit(coupon, read(coupon, id), { uses: change })),
}

const allowanceLegacy: Legacy = {
  kind: allowance.kind,
  counter: ({ read }, id) => ({ store: read(allowance, id).store.uses }),
  changed: ({ read }, id, change) =>
    draftDelta(allowance, id, edit(allowance, read(allowance, id), { uses: change })),
}

export const couponLegacies = (
  queries: Pick<PromotionQueries, 'couponsAfter' | 'allowancesAfter'>,
): readonly Inherited[] => [
  { legacy: couponLegacy, after: queries.couponsAfter },
  { legacy: allowanceLegacy, after: queries.allowancesAfter },
]
