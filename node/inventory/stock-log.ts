/**
 * The log of a stock: what it was before and after each change, why, and who did it. It is read from the
 * document's history, so that nothing that ever moved a unit can be missing; what was folded away is
 * only there as the sum that the log begins with.
 */

import * as change from '../../sync/change.ts'
import type { Change } from '../../sync/change.ts'
import type { Entry } from '../../crdt/dot-store.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import type { Account } from '../../crdt/escrow-counter.ts'
import { receiptOf } from '../core/core.ts'
import { createBreath, type SlicesDeps } from '../core/in-slices.ts'
import { sliceMsMax } from '../core/limits.ts'
import type { Store } from '../core/store.ts'
import { isFields } from '../guards.ts'
import type { StockId } from './location-id.ts'
import { stock } from './stock.ts'

export interface StockLogEntry {
  readonly at: string
  readonly type: string
  readonly old: number
  readonly new: number
  readonly reason: string | null
  readonly actor: string
  readonly change: string
}

export interface StockLogDeps extends SlicesDeps {
  readonly store: Pick<Store, 'readHistory' | 'readFolded'>
}

/** The last `limit` changes of the units at a location, latest first, as they reached this node. */
export const readStockLog = async (
  { store, ...slices }: StockLogDeps,
  id: StockId,
  limit: number,
): Promise<readonly StockLogEntry[]> => {
  const breathe = createBreath(slices, sliceMsMax)
  const tally = createTally()
  const folded = store.readFolded(stock.kind, id)
  if (folded) tally.join(folded)
  const entries: StockLogEntry[] = []
  for (const { bytes } of store.readHistory(stock.kind, id)) {
    const made = change.decode(bytes)
    const old = tally.units()
    for (const delta of made.deltas) {
      if (delta.kind === stock.kind && delta.id === id) tally.join(delta.bytes)
    }
    if (tally.units() !== old) entries.push(entryOf(made, { old, new: tally.units() }))
    if (entries.length > limit) entries.shift()
    await breathe()
  }
  return entries.reverse()
}

/** The units in stock, by the account that each replica wrote last. */
const createTally = () => {
  const accounts = new Map<ReplicaId, Entry<Account>>()
  return {
    join: (bytes: Uint8Array) => {
      for (const entry of stock.decode(bytes).store.units.values()) {
        const { replica, counter } = entry.dot
        if (counter > (accounts.get(replica)?.dot.counter ?? 0)) accounts.set(replica, entry)
      }
    },
    units: () =>
      accounts.values().reduce((sum, { value }) => sum + value.received - value.spent, 0),
  }
}

const entryOf = (
  made: Change,
  quantities: { readonly old: number; readonly new: number },
): StockLogEntry => ({
  at: new Date(made.time.wallMs).toISOString(),
  type: made.type,
  ...quantities,
  reason: reasonOf(made),
  actor: made.actor,
  change: receiptOf(made).change,
})

const reasonOf = ({ details }: Change): string | null => {
  const given = isFields(details) ? details['details'] : undefined
  const reason = given !== undefined && isFields(given) ? given['reason'] : undefined
  return typeof reason === 'string' ? reason : null
}
