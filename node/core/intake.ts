/**
 * Takes changes from peers down the core's road. Whatever is wrong with one is found before anything
 * is done with it: it must be intact, continue its replica's chain, not come from the future, and
 * write under its own replica's dots only.
 */

import * as codec from '../../crdt/codec.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import * as change from '../../sync/change.ts'
import type { Change } from '../../sync/change.ts'
import type { IntakeProblem, IntakeReport } from '../../sync/change-log.ts'
import type { DocumentKind } from './capability.ts'
import type { Store } from './store.ts'
import type { Transaction } from './transaction.ts'
import { isOwn, understand } from './understand.ts'

export interface IntakeDeps {
  readonly kindsByName: ReadonlyMap<string, DocumentKind>
  readonly store: Pick<Store, 'readChange'>
  readonly now: () => number
}

export type Intake = (
  transaction: Transaction,
  clock: hlc.Clock,
  changes: readonly Uint8Array[],
) => { result: IntakeReport; clock: hlc.Clock }

export const createIntake =
  ({ kindsByName, store, now }: IntakeDeps): Intake =>
  (transaction, before, changes) => {
    const stopped = new Set<ReplicaId>()
    const problems: IntakeProblem[] = []
    let clock = before
    let taken = 0
    let alreadyKnown = 0

    for (const bytes of changes) {
      const decoded = tryDecode(bytes)
      if ('kind' in decoded) {
        problems.push(decoded)
        continue
      }
      const { dot } = decoded
      if (stopped.has(dot.replica)) continue
      const verdict = judge(decoded, bytes)
      if (verdict === 'known') alreadyKnown++
      else if (verdict !== 'new') {
        problems.push(verdict)
        stopped.add(dot.replica)
      } else {
        const deltas = understand(kindsByName, decoded)
        if (!deltas.every((delta) => isOwn(delta, dot.replica))) {
          problems.push({ kind: 'corrupt', detail: 'A change writes under dots of another replica' })
          stopped.add(dot.replica)
          continue
        }
        transaction.append(decoded, bytes, deltas)
        clock = hlc.receive(clock, change.timestampOf(decoded), now())
        taken++
      }
    }
    return { result: { taken, alreadyKnown, problems }, clock }

    function judge(made: Change, bytes: Uint8Array): 'new' | 'known' | IntakeProblem {
      const { dot, time } = made
      const { counter } = transaction.head(dot.replica)
      if (dot.counter <= counter) {
        const ours = store.readChange(dot)
        return ours && Buffer.compare(ours.bytes, bytes) !== 0 ? { kind: 'fork', dot } : 'known'
      }
      if (dot.counter > counter + 1) return { kind: 'gap', dot }
      const nowMs = now()
      return hlc.isTooFarAhead(time, nowMs)
        ? { kind: 'too_far_ahead', dot, aheadMs: time.wallMs - nowMs }
        : 'new'
    }
  }

const tryDecode = (bytes: Uint8Array): Change | (IntakeProblem & { readonly kind: 'corrupt' }) => {
  try {
    return change.decode(bytes)
  } catch (error) {
    if (error instanceof codec.DecodeError) return { kind: 'corrupt', detail: error.message }
    throw error
  }
}
