/**
 * A checkout: the stored saga that makes an order of a basket.
 *
 *     priced ──▶ reserved ──▶ authorised ──▶ committed ──▶ captured ──▶ announced
 *        │           │             │             │
 *     refused     units and     the same,     the order is cancelled: units, money
 *                 coupons back  money back    and cart go back
 *
 * It is stored before anybody else is asked for anything, so that whoever finds it after a crash knows
 * what may have been done, and does the rest: asking again is harmless, because units, money and the
 * order all bear the order's id. From the commit on the order itself says what is left to do
 * (`orders/attend.ts`), and the checkout is over.
 *
 * May a checkout run twice? Yes: one request that reaches two regions which cannot hear each other.
 * Each has a run of its own in this document, and each runs to its end; the order tells which counts.
 */

import { edit, schema, type Document } from '../../crdt/document.ts'
import { dotKey, type DotKey, type ReplicaId } from '../../crdt/dot.ts'
import * as eventLog from '../../crdt/event-log.ts'
import type { Value } from '../../crdt/value.ts'
import { documentKind, draftDelta, type DraftDelta, type World } from '../core/capability.ts'
import type { Table } from '../core/store.ts'
import { isFields, isNatural, isText, isTextOrNull } from '../guards.ts'
import { isAgreement, isSoldUnits, type Agreement, type SoldUnits } from '../orders/agreement.ts'
import type { OrderId } from '../orders/order-id.ts'
import { isProblem, type Problem } from './problem.ts'

/** A run: what was agreed, and what was set aside for it. */
export type Begun = {
  readonly type: 'begun'
  /** The node that runs it. */
  readonly node: string
  readonly agreed: Agreement
  /** The tags of the cart that it was made of, by their names. */
  readonly tags: readonly string[]
  readonly held: readonly SoldUnits[]
  /** Until when the units are set aside. */
  readonly untilMs: number
  /** Stands for the payment method; null for an order that is paid some other way. */
  readonly token: string | null
  readonly account: string | null
}

export type CheckoutEvent =
  | Begun
  /** `run`: the dot of its `begun`. */
  | { readonly type: 'committed'; readonly run: string }
  | { readonly type: 'failed'; readonly run: string; readonly problem: Problem }

const isCheckoutEvent = (value: Value): value is CheckoutEvent => {
  if (!isFields(value)) return false
  const get = (name: string): Value => value[name] ?? null
  switch (get('type')) {
    case 'begun': {
      const [tags, held] = [get('tags'), get('held')]
      return (
        isText(get('node')) &&
        isAgreement(get('agreed')) &&
        Array.isArray(tags) &&
        tags.every(isText) &&
        Array.isArray(held) &&
        held.every(isSoldUnits) &&
        isNatural(get('untilMs')) &&
        isTextOrNull(get('token')) &&
        isTextOrNull(get('account'))
      )
    }
    case 'committed':
      return isText(get('run'))
    case 'failed':
      return isText(get('run')) && isProblem(get('problem'))
    default:
      return isText(get('type'))
  }
}

export const checkout = schema('checkout', 1, { events: [1, eventLog.shape(isCheckoutEvent)] })

export type CheckoutDocument = Document<typeof checkout.fields>

export interface Run {
  readonly dot: DotKey
  readonly replica: ReplicaId
  readonly atMs: number
  readonly begun: Begun
  /** undefined: it is not over. */
  readonly end: 'committed' | Problem | undefined
}

/** All runs, earliest first. */
export const runsOf = ({ store }: Pick<CheckoutDocument, 'store'>): readonly Run[] => {
  const log = eventLog.entries({ store: store.events })
  const ends = new Map<string, 'committed' | Problem>()
  for (const { value } of log) {
    const event = value.value
    if (event.type === 'committed') ends.set(event.run, 'committed')
    // What was committed is so, whatever somebody else made of it who did not know.
    if (event.type === 'failed' && !ends.has(event.run)) ends.set(event.run, event.problem)
  }
  return log.flatMap(({ dot, value }) => {
    const event = value.value
    if (event.type !== 'begun') return []
    const run = dotKey(dot)
    return [
      { dot: run, replica: dot.replica, atMs: value.wallMs, begun: event, end: ends.get(run) },
    ]
  })
}

/** The delta that appends an event. */
export const append = (world: World, id: OrderId, event: CheckoutEvent): DraftDelta =>
  draftDelta(
    checkout,
    id,
    edit(checkout, world.read(checkout, id), {
      events: (log) => eventLog.append(log, world.time, event),
    }),
  )

/** Checkouts with a run that is not over. */
export const openCheckoutTable: Table = {
  name: 'open_checkouts',
  columns: ['id', 'begun_ms'],
  isSingle: true,
}

export const checkoutSql = `
create table if not exists open_checkouts (
  document integer primary key,
  id       text    not null,
  begun_ms integer not null
) strict;
create index if not exists open_checkouts_by_time on open_checkouts (begun_ms);
`

export const checkoutKind = documentKind({
  schema: checkout,
  tables: [openCheckoutTable],
  project: (id, document) => {
    const open = runsOf(document).find(({ end }) => end === undefined)
    return open ? { open_checkouts: [{ id, begun_ms: open.atMs }] } : {}
  },
})
