/**
 * Units set aside for a checkout until a time. A hold belongs to the node that wrote it, lowers what
 * that node sells to others, and counts no more when its time is over, swept or not.
 *
 * Why may a checkout have several holds on one stock? Two regions may set aside for the same checkout
 * while they are cut off from each other. Both then stand under its name, and each counts at its own.
 */

import * as causalContext from '../../crdt/causal-context.ts'
import type { Edit } from '../../crdt/document.ts'
import type { DotFun, Entry } from '../../crdt/dot-store.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orMap from '../../crdt/or-map.ts'
import type { Stamped } from '../../crdt/payload.ts'
import type { World } from '../core/capability.ts'
import { holdsSweptAtOnce } from './limits.ts'
import { holdShape, type Hold, type Stock } from './stock.ts'

type Holds = Stock['store']['holds']
type Written = Entry<Stamped<Hold>>

export interface HeldHold extends Hold {
  readonly checkout: string
  readonly replica: ReplicaId
}

/** Every hold, expired ones included, in no order. */
export function* holdsOf({ store }: Stock): Generator<HeldHold> {
  for (const [checkout, register] of store.holds as ReadonlyMap<string, DotFun<Stamped<Hold>>>) {
    for (const { dot, value } of register.values()) {
      yield { checkout, replica: dot.replica, ...value.value }
    }
  }
}

/** The units that these replicas have set aside, by now, for others than `except`. */
export const heldUnits = (
  document: Stock,
  {
    lineage,
    nowMs,
    except,
  }: {
    readonly lineage: readonly ReplicaId[]
    readonly nowMs: number
    readonly except?: string | undefined
  },
): number => {
  // Without making anything on the way: a busy stock has a thousand holds, and every order asks.
  const only = lineage.length === 1 ? lineage[0] : undefined
  const own = new Set(lineage)
  const excepted = except === undefined ? undefined : document.store.holds.get(except)
  let units = 0
  for (const register of document.store.holds.values() as Iterable<DotFun<Stamped<Hold>>>) {
    if (register === excepted) continue
    for (const { dot, value } of register.values()) {
      const isOwn = only === undefined ? own.has(dot.replica) : dot.replica === only
      if (isOwn && value.value.untilMs > nowMs) units += value.value.units
    }
  }
  return units
}

/**
 * The edit that sets units aside for a checkout, in the place of what it had here. Some of the node's
 * holds that are over go on the way, so that a busy stock needs nobody to come and clean up.
 */
export const setAside =
  ({ time, lineage }: Pick<World, 'time' | 'lineage'>, checkout: string, hold: Hold): Edit<Holds> =>
  (holds) => {
    const { store, context } = orMap.update(holds, holdShape, {
      key: checkout,
      edit: (register) => lwwRegister.write(register, time, hold),
    })
    const isOver = ({ untilMs }: Hold, replica: ReplicaId) =>
      untilMs <= time.wallMs && lineage.includes(replica)
    return { store, context: causalContext.join(context, sweep(isOver)(holds).context) }
  }

/** The edit that ends a checkout's holds, as far as they were seen. */
export const drop =
  (checkout: string): Edit<Holds> =>
  (holds) =>
    orMap.remove(holds, holdShape, checkout)

/** The edit that clears away some of the holds that `isOver` says are over. */
export const sweep =
  (isOver: (hold: Hold, replica: ReplicaId) => boolean): Edit<Holds> =>
  (holds) => {
    const over: Written[] = []
    for (const register of holds.store.values() as Iterable<DotFun<Stamped<Hold>>>) {
      for (const entry of register.values()) {
        if (over.length < holdsSweptAtOnce && isOver(entry.value.value, entry.dot.replica)) {
          over.push(entry)
        }
      }
    }
    return { store: new Map(), context: causalContext.of(...over.map(({ dot }) => dot)) }
  }
