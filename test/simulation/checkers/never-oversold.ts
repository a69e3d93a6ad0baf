/**
 * Never is more sold than came in, at no step and by nobody's account: not in the sum of all that ever
 * became durable, and no replica ever spends rights that it does not hold.
 */

import type { DotFun, Entry } from '../../../crdt/dot-store.ts'
import type { ReplicaId } from '../../../crdt/dot.ts'
import type { Account } from '../../../crdt/escrow-counter.ts'
import { simStock } from '../workload/sim-stock.ts'
import type { CreateChecker } from './checker.ts'

export const neverOversold: CreateChecker = (report) => {
  const accountsById = new Map<string, Map<ReplicaId, Entry<Account>>>()
  return {
    durable: ({ node, appended }) => {
      for (const { known, isNew } of appended) {
        if (!isNew) continue
        for (const { kind, id, delta } of known.deltas) {
          if (kind !== simStock.kind) continue
          const accounts = accountsById.get(id) ?? new Map<ReplicaId, Entry<Account>>()
          accountsById.set(id, accounts)
          const units = (delta.store as { readonly units: DotFun<Account> }).units
          for (const entry of units.values()) accounts.set(entry.dot.replica, entry)
          const fault = faultOf(accounts)
          if (fault !== undefined) report(`after ${known.key} at ${node.name}, of ${id} ${fault}`)
        }
      }
    },
  }
}

/** What is wrong with these accounts, if anything is. */
export const faultOf = (accounts: ReadonlyMap<ReplicaId, Entry<Account>>): string | undefined => {
  let received = 0
  let spent = 0
  const rights = new Map<ReplicaId, number>()
  const add = (replica: ReplicaId, units: number) =>
    rights.set(replica, (rights.get(replica) ?? 0) + units)
  for (const [replica, { value }] of accounts) {
    received += value.received
    spent += value.spent
    add(replica, value.received - value.spent)
    for (const [to, units] of value.granted) {
      add(replica, -units)
      add(to, units)
    }
    for (const [from, units] of value.reclaimed) {
      add(from, -units)
      add(replica, units)
    }
  }
  if (spent > received) return `${spent} units are sold and ${received} came in`
  const owing = [...rights].find(([, units]) => units < 0)
  return owing && `${owing[0]} has spent ${-owing[1]} units that it had no rights to`
}
