/**
 * A run: one region's way through the checkout that makes an order of a basket.
 *
 *     priced ──▶ reserved ──▶ authorised ──▶ committed ──▶ captured ──▶ announced
 *        │           │             │             │
 *     refused     units and     the same,     the order is cancelled: units, money
 *                 coupons back  money back    and cart go back
 *
 * It is stored before anybody else is asked for anything, so that whoever finds it after a crash knows
 * what may have been done, and does the rest: asking again is harmless, because units, money and the
 * order all bear the order's id. From the commit on the order's events say what is left to do
 * (`attend.ts`), and the run is over.
 *
 * Why in the order's own document? A checkout lives for some milliseconds, and a document of its own
 * would cost as much as the order. For the same reason an end takes the place of its beginning: what
 * was agreed is in the order by then, or nobody needs it any more.
 *
 * May there be two? Yes: one request that reaches two regions which cannot hear each other. Each has a
 * run of its own in the document, and each runs to its end; the order tells which counts.
 */

import * as causalContext from '../../crdt/causal-context.ts'
import type { Edit } from '../../crdt/document.ts'
import type { DotFun } from '../../crdt/dot-store.ts'
import { dotKey, parseDot, type DotKey, type ReplicaId } from '../../crdt/dot.ts'
import * as eventLog from '../../crdt/event-log.ts'
import type { Timestamp } from '../../crdt/hybrid-logical-clock.ts'
import type { Stamped } from '../../crdt/payload.ts'
import type { Value } from '../../crdt/value.ts'
import { isProblem, type Problem } from '../checkout/problem.ts'
import { isPurchaseName, type PurchaseName } from '../flash-sale/purchase.ts'
import { isFields, isNatural, isText, isTextOrNull } from '../guards.ts'
import { isAgreement, isSoldUnits, type Agreement, type SoldUnits } from './agreement.ts'

/** How a run begins: what was agreed, and what was set aside for it. */
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
  /** The purchase in a flash sale that it pays for, whose units it sells; absent: there is none. */
  readonly purchase?: PurchaseName
  /** Under what name the units are set aside, if it is not the order's id. */
  readonly holdName?: string
}

/** How a run ends; `run` is the dot of its `begun`. */
export type RunEnded =
  | { readonly type: 'committed'; readonly run: string }
  | { readonly type: 'failed'; readonly run: string; readonly problem: Problem }

export type RunEvent = Begun | RunEnded

const isRunEvent = (value: Value): value is RunEvent => {
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
        isTextOrNull(get('account')) &&
        (value['purchase'] === undefined || isPurchaseName(value['purchase'])) &&
        (value['holdName'] === undefined || isText(value['holdName']))
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

export const runsShape = eventLog.shape(isRunEvent)

export type Runs = DotFun<Stamped<RunEvent>>

export type Run = OpenRun | EndedRun

export interface OpenRun {
  readonly dot: DotKey
  readonly replica: ReplicaId
  readonly atMs: number
  readonly begun: Begun
  readonly end?: undefined
}

export interface EndedRun {
  readonly dot: DotKey
  readonly end: 'committed' | Problem
}

/** All runs of an order's document: those that are not over, then the others, each earliest first. */
export const runsOf = ({ store }: { readonly store: { readonly runs: Runs } }): readonly Run[] => {
  const open: OpenRun[] = []
  const ends = new Map<DotKey, 'committed' | Problem>()
  for (const { dot, value } of eventLog.entries({ store: store.runs })) {
    const event = value.value
    if (event.type === 'begun') {
      open.push({ dot: dotKey(dot), replica: dot.replica, atMs: value.wallMs, begun: event })
    }
    // What was committed is so, whatever somebody else made of it who did not know.
    if (event.type === 'committed') ends.set(event.run as DotKey, 'committed')
    if (event.type === 'failed' && !ends.has(event.run as DotKey)) {
      ends.set(event.run as DotKey, event.problem)
    }
  }
  return [
    ...open.filter(({ dot }) => !ends.has(dot)),
    ...[...ends].map(([dot, end]): EndedRun => ({ dot, end })),
  ]
}

export const isOpen = (run: Run): run is OpenRun => run.end === undefined

/** The edit that begins a run. */
export const begin =
  (time: Timestamp, begun: Begun): Edit<Runs> =>
  (runs) =>
    eventLog.append(runs, time, begun)

/** The edit that puts a run's end in the place of its beginning. */
export const end =
  (time: Timestamp, ended: RunEnded): Edit<Runs> =>
  (runs) => {
    const { store, context } = eventLog.append<RunEvent>(runs, time, ended)
    const dot = runs.store.has(ended.run as DotKey) ? parseDot(ended.run) : undefined
    return { store, context: dot ? causalContext.join(context, causalContext.of(dot)) : context }
  }
