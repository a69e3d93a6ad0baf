/**
 * A coupon: a code that brings a promotion to whoever types it, as often as it may.
 *
 * How often in all is rights, like stock: whoever issues the coupon receives them, and a node that
 * redeems it spends its own. So a limit holds in regions that cannot hear each other. What a code may
 * be used for, and how often by each customer, is said once and kept: a code that has been printed
 * keeps its meaning. More uses may be issued later, and the coupon may be withdrawn.
 *
 * Two regions that issue one code at once have issued it twice, and both issues count.
 */

import { edit, schema, type Document } from '../../crdt/document.ts'
import * as escrowCounter from '../../crdt/escrow-counter.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as pnCounter from '../../crdt/pn-counter.ts'
import type { Value } from '../../crdt/value.ts'
import { given, overwrite } from '../catalog/edits.ts'
import { documentKind, draftDelta, type Decide, type World } from '../core/capability.ts'
import type { Table } from '../core/store.ts'
import type { Refusal } from '../errors.ts'
import { isBoolean, isNatural, isNull, isText } from '../guards.ts'
import * as purse from '../inventory/purse.ts'
import { isLive } from '../pricing/rostered.ts'
import { ok, refused } from '../result.ts'
import { promotion } from './promotion.ts'

const isNaturalOrNull = (value: Value): value is number | null => value === null || isNatural(value)

export const coupon = schema('coupon', 1, {
  /** Each issue of this code, here or elsewhere. */
  created: [1, eventLog.shape(isNull)],
  promotion: [2, lwwRegister.shape(isText)],
  isLimited: [3, lwwRegister.shape(isBoolean)],
  /** Uses in all, for a coupon that is limited. */
  uses: [4, escrowCounter.shape],
  /** How often it is used, limited or not. */
  used: [5, pnCounter.shape],
  /** null: as often as it may be used in all. */
  perCustomer: [6, lwwRegister.shape(isNaturalOrNull)],
  endsMs: [7, lwwRegister.shape(isNaturalOrNull)],
  isWithdrawn: [8, lwwRegister.shape(isBoolean)],
})

export type Coupon = Document<typeof coupon.fields>

/** A code as it is kept: capitals, digits and hyphens. */
export type CouponCode = string & { readonly brand: 'CouponCode' }

/** The code that somebody means who types it; undefined if no coupon can have it. */
export const couponCodeOf = (typed: string): CouponCode | undefined => {
  const code = typed.trim().toUpperCase()
  return /^[A-Z0-9][A-Z0-9-]{2,31}$/.test(code) ? (code as CouponCode) : undefined
}

export type CouponView = {
  readonly code: string
  readonly promotion: string
  /** Uses that were issued; null: any number. */
  readonly limit: number | null
  readonly used: number
  readonly perCustomer: number | null
  readonly endsMs: number | null
  readonly isWithdrawn: boolean
}

export const viewCoupon = (code: string, { store }: Coupon): CouponView => {
  const used = pnCounter.read({ store: store.used })
  const isLimited = lwwRegister.read({ store: store.isLimited }) ?? false
  return {
    code,
    promotion: lwwRegister.read({ store: store.promotion }) ?? '',
    // A use that comes back is received like a new one: what is left and what is used make the whole.
    limit: isLimited ? used + escrowCounter.available({ store: store.uses }) : null,
    used,
    perCustomer: lwwRegister.read({ store: store.perCustomer }) ?? null,
    endsMs: lwwRegister.read({ store: store.endsMs }) ?? null,
    isWithdrawn: lwwRegister.read({ store: store.isWithdrawn }) ?? false,
  }
}

export const isIssued = ({ store }: Coupon): boolean => store.created.size > 0

export const couponTable: Table = {
  name: 'coupons',
  columns: ['code', 'promotion', 'used', 'uses_limit', 'json'],
  isSingle: true,
}

export const couponSql = `
create table if not exists coupons (
  document   integer primary key,
  code       text    not null unique,
  promotion  text    not null,
  used       integer not null,
  uses_limit integer,
  json       text    not null
) strict;
create index if not exists coupons_by_promotion on coupons (promotion, code);
`

export const couponKind = documentKind({
  schema: coupon,
  tables: [couponTable],
  project: (code, document) => {
    if (!isIssued(document)) return {}
    const view = viewCoupon(code, document)
    const { promotion: of, used, limit } = view
    return {
      coupons: [{ code, promotion: of, used, uses_limit: limit, json: JSON.stringify(view) }],
    }
  },
})

export interface CouponInput {
  readonly code: CouponCode
  readonly promotion: string
  readonly limit: number | null
  readonly perCustomer: number | null
  readonly endsMs: number | null
  /** Other nodes' replicas, among whom the uses are shared out with this node. */
  readonly nodes: readonly ReplicaId[]
}

export type CouponAnswer = { readonly code: string }

export const issueCoupon: Decide<CouponInput, CouponAnswer> = (world, input) => {
  const { code, limit } = input
  const before = world.read(coupon, code)
  if (isIssued(before)) {
    return refused({ code: 'coupon_exists', detail: `There is a coupon ${code} already` })
  }
  if (!isLive(world.read(promotion, input.promotion))) {
    const detail = `There is no promotion ${input.promotion}`
    return refused({ code: 'promotion_not_found', detail })
  }
  const delta = edit(coupon, before, {
    created: (log) => eventLog.append(log, world.time, null),
    promotion: overwrite(world, input.promotion),
    isLimited: overwrite(world, limit !== null),
    uses: issue(world, limit ?? 0, input.nodes),
    perCustomer: overwrite<number | null>(world, input.perCustomer),
    endsMs: overwrite<number | null>(world, input.endsMs),
  })
  return ok({
    type: 'coupon.issued',
    deltas: [draftDelta(coupon, code, delta)],
    answer: { code },
  })
}

export interface CouponEdit {
  readonly code: CouponCode
  /** Uses beyond those that were issued before. */
  readonly more?: number | undefined
  readonly endsMs?: number | null | undefined
  readonly isWithdrawn?: boolean | undefined
  readonly nodes: readonly ReplicaId[]
}

export const editCoupon: Decide<CouponEdit, CouponAnswer> = (world, input) => {
  const { code, more = 0 } = input
  const before = world.read(coupon, code)
  if (!isIssued(before)) return refused(couponNotFound(code))
  if (more > 0 && lwwRegister.read({ store: before.store.isLimited }) !== true) {
    const detail = `The coupon ${code} may be used any number of times; there are no more to issue`
    return refused({ code: 'invalid_request', detail })
  }
  const delta = edit(coupon, before, {
    uses: issue(world, more, input.nodes),
    endsMs: given(input.endsMs, (ms) => overwrite<number | null>(world, ms)),
    isWithdrawn: given(input.isWithdrawn, (is) => overwrite(world, is)),
  })
  return ok({
    type: 'coupon.updated',
    deltas: [draftDelta(coupon, code, delta)],
    answer: { code },
  })
}

export const couponNotFound = (code: string): Refusal => ({
  code: 'coupon_not_found',
  detail: `There is no coupon ${code}`,
})

// Each node is given as many at once, so that all can go on if they lose each other; what does not
// divide stays here.
const issue = (world: World, units: number, nodes: readonly ReplicaId[]) => {
  if (units === 0) return []
  const share = Math.floor(units / (nodes.length + 1))
  return [
    (counter: escrowCounter.EscrowCounter) => purse.receive(world, counter, units),
    ...(share === 0 ? [] : nodes).map((to) => (counter: escrowCounter.EscrowCounter) => {
      const granted = purse.grant(world, counter, { to, units: share })
      // A node that was given up issues coupons and keeps them: it may not hand out rights.
      return granted.ok ? granted.value : escrowCounter.bottom
    }),
  ]
}
