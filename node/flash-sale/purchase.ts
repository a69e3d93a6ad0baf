/**
 * What one buyer got in one sale: each attempt that was let in, with the units that it set aside.
 *
 * Why a document of its own, and not a counter? A buyer who comes to two regions while they are cut off
 * from each other is let in by both. When they meet, the earlier attempts stand, as many as the limit
 * allows; the region that let in a later one takes its units back.
 */

import { schema, type Document } from '../../crdt/document.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orMap from '../../crdt/or-map.ts'
import type { Value } from '../../crdt/value.ts'
import { isVariantId } from '../catalog/ids.ts'
import type { Price } from '../catalog/product.ts'
import { documentKind } from '../core/capability.ts'
import type { Table } from '../core/store.ts'
import { isFields, isNatural, isText, isTextOrNull } from '../guards.ts'
import { isLocationId } from '../inventory/location-id.ts'
import type { HeldUnits } from '../inventory/reservation.ts'
import { stockModes } from '../inventory/stock.ts'
import { isSaleId, type SaleId } from './sale.ts'

/** `<sale>.<buyer>`. */
export type PurchaseId = string & { readonly brand: 'PurchaseId' }

export const purchaseIdOf = (sale: SaleId, buyer: string): PurchaseId =>
  `${sale}.${buyer}` as PurchaseId

export const parsePurchaseId = (
  id: string,
): { readonly sale: SaleId; readonly buyer: string } | undefined => {
  const at = id.indexOf('.')
  const sale = id.slice(0, at)
  return isSaleId(sale) ? { sale, buyer: id.slice(at + 1) } : undefined
}

/** Which attempt it is. */
export type PurchaseName = {
  readonly sale: SaleId
  readonly buyer: string
  readonly attempt: string
}

export const isPurchaseName = (value: Value): value is PurchaseName =>
  isFields(value) &&
  isText(value['sale'] ?? null) &&
  isSaleId(value['sale'] as string) &&
  isText(value['buyer'] ?? null) &&
  isText(value['attempt'] ?? null)

/** Under what name the stock knows the checkout of an attempt. */
export const holdOf = ({ attempt }: Pick<PurchaseName, 'attempt'>): string => `purchase/${attempt}`

export type Attempt = {
  readonly held: readonly HeldUnits[]
  readonly units: number
  /** Of one unit, as the sale promised it when the attempt was let in. */
  readonly price: Price
  /** When it was let in, and until when it is to be paid for. */
  readonly atMs: number
  readonly untilMs: number
  /** `bought` once it was paid for; `given_back` when the buyer, or the limit, undid it. */
  readonly state: 'held' | 'bought' | 'given_back'
  /** The order that pays for it, or would have; null if there is none. */
  readonly order: string | null
}

const isHeldUnits = (value: Value): value is HeldUnits => {
  if (!isFields(value)) return false
  const { variant = null, location = null, units = null, mode = null } = value
  return (
    isText(variant) &&
    isVariantId(variant) &&
    isText(location) &&
    isLocationId(location) &&
    isNatural(units) &&
    stockModes.some((one) => one === mode)
  )
}

const isPrice = (value: Value): value is Price =>
  isFields(value) && isNatural(value['amount'] ?? null) && isText(value['currency'] ?? null)

const isAttempt = (value: Value): value is Attempt =>
  isFields(value) &&
  Array.isArray(value['held']) &&
  value['held'].every(isHeldUnits) &&
  ['units', 'atMs', 'untilMs'].every((field) => isNatural(value[field] ?? null)) &&
  isPrice(value['price'] ?? null) &&
  isTextOrNull(value['order'] ?? null) &&
  ['held', 'bought', 'given_back'].some((state) => state === value['state'])

export const attemptShape = lwwRegister.shape(isAttempt)

export const purchase = schema('purchase', 1, {
  /** By the name of the attempt. */
  attempts: [1, orMap.shape(attemptShape)],
})

export type Purchase = Document<typeof purchase.fields>

export interface MadeAttempt extends Attempt {
  readonly name: string
  /** Who wrote it last. */
  readonly replica: ReplicaId
}

/** All attempts, the earliest first. */
export const attemptsOf = ({ store }: Purchase): readonly MadeAttempt[] =>
  [...store.attempts]
    .flatMap(([name, register]) => {
      const [entry] = lwwRegister.siblings<Attempt>({ store: register })
      return entry ? [{ name, entry }] : []
    })
    .sort(
      (a, b) =>
        a.entry.value.value.atMs - b.entry.value.value.atMs ||
        hlc.compare(lwwRegister.timestampOf(a.entry), lwwRegister.timestampOf(b.entry)),
    )
    .map(({ name, entry }) => ({ name, replica: entry.dot.replica, ...entry.value.value }))

export type AttemptState = Attempt['state'] | 'expired' | 'over_limit'

export interface JudgedAttempt extends MadeAttempt {
  readonly shown: AttemptState
}

/** What counts of a buyer's attempts: the earliest, as many as the limit allows. */
export const judge = (
  document: Purchase,
  { perBuyer, nowMs }: { readonly perBuyer: number; readonly nowMs: number },
): readonly JudgedAttempt[] => {
  let left = perBuyer
  return attemptsOf(document).map((attempt): JudgedAttempt => {
    if (attempt.state === 'given_back') return { ...attempt, shown: 'given_back' }
    if (attempt.state === 'held' && attempt.untilMs <= nowMs)
      return { ...attempt, shown: 'expired' }
    if (attempt.units > left) return { ...attempt, shown: 'over_limit' }
    left -= attempt.units
    return { ...attempt, shown: attempt.state }
  })
}

/** The units of which the limit speaks. */
export const countedUnits = (attempts: readonly JudgedAttempt[]): number =>
  attempts
    .filter(({ shown }) => shown === 'held' || shown === 'bought')
    .reduce((sum, { units }) => sum + units, 0)

export const purchaseTable: Table = {
  name: 'purchases',
  columns: ['sale', 'buyer', 'attempt', 'units', 'state', 'at_ms', 'until_ms'],
  isSingle: false,
}

export const purchaseSql = `
create table if not exists purchases (
  document integer not null,
  sale     text    not null,
  buyer    text    not null,
  attempt  text    not null,
  units    integer not null,
  state    text    not null,
  at_ms    integer not null,
  until_ms integer not null,
  primary key (document, attempt),
  constraint something_was_bought check (units > 0)
) strict, without rowid;
create index if not exists purchases_by_buyer on purchases (buyer, at_ms);
create index if not exists purchases_by_attempt on purchases (attempt);
create index if not exists purchases_by_sale on purchases (sale, state, until_ms, units);
`

export const purchaseKind = documentKind({
  schema: purchase,
  tables: [purchaseTable],
  project: (id, document) => {
    const parsed = parsePurchaseId(id)
    if (!parsed) return {}
    return {
      purchases: attemptsOf(document)
        .filter(({ units }) => units > 0)
        .map(({ name, units, state, atMs, untilMs }) => ({
          ...parsed,
          attempt: name,
          units,
          state,
          at_ms: atMs,
          until_ms: untilMs,
        })),
    }
  },
})
