/**
 * How uses of a coupon pass from one node to another: the node that has them writes the grant. Of the
 * uses in all the asker is given half, so that it need not ask for each; of a customer's own uses, of
 * which there are few, one.
 */

import { edit } from '../../crdt/document.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import { assert } from '../../crdt/assert.ts'
import type { EscrowCounter } from '../../crdt/escrow-counter.ts'
import { draftDelta, type Decide, type DraftDelta, type World } from '../core/capability.ts'
import * as purse from '../inventory/purse.ts'
import { ok, refused } from '../result.ts'
import { allowedHere, grantUse } from './allowance.ts'
import { coupon, couponNotFound, isIssued, viewCoupon, type CouponCode } from './coupon.ts'

export interface CouponGrant {
  readonly code: CouponCode
  /** Whose own uses are asked for, too; undefined if they are not counted. */
  readonly customer: string | undefined
  readonly to: ReplicaId
}

/** How many uses were handed over: of those in all, and of the customer's own. */
export type CouponGranted = { readonly uses: number; readonly own: number }

export const grantCoupon: Decide<CouponGrant, CouponGranted> = (world, { code, customer, to }) => {
  const document = world.read(coupon, code)
  if (!isIssued(document)) return refused(couponNotFound(code))
  const { limit, perCustomer } = viewCoupon(code, document)
  const held = limit === null ? 0 : purse.rights(world, { store: document.store.uses })
  const uses = Math.max(Math.ceil(held / 2), 0)
  const of =
    customer === undefined || perCustomer === null ? undefined : { code, customer, perCustomer }
  const own = of && allowedHere(world, of) > 0 ? of : undefined
  const deltas: readonly DraftDelta[] = [
    ...(uses > 0 ? [grantUses(world, { code, to, uses })] : []),
    ...(own ? [grantUse(world, own, to)] : []),
  ]
  if (deltas.length === 0) {
    return refused({ code: 'coupon_unusable', detail: `This node has no uses of ${code} to give` })
  }
  return ok({ type: 'coupon.granted', deltas, answer: { uses, own: own ? 1 : 0 } })
}

const grantUses = (
  world: World,
  { code, to, uses }: { readonly code: CouponCode; readonly to: ReplicaId; readonly uses: number },
): DraftDelta => {
  const delta = edit(coupon, world.read(coupon, code), {
    uses: (counter: EscrowCounter) => {
      const granted = purse.grant(world, counter, { to, units: uses })
      assert(granted.ok, 'half of what is held can be granted')
      return granted.value
    },
  })
  return draftDelta(coupon, code, delta)
}
