/**
 * Takes changes from peers down the core's road. Whatever is wrong with one is found before anything
 * is done with it: it must be intact, continue its replica's chain, not come from the future, and
 * write under its own replica's dots only.
 *
 * Two histories under one replica are never mixed: the replica is put into quarantine, with the change
 * that told, and nothing more is taken of it until an operator has looked.
 */

import * as codec from '../../crdt/codec.ts'
import { dotKey, type ReplicaId } from '../../crdt/dot.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import * as change from '../../sync/change.ts'
import type { Change } from '../../sync/change.ts'
import type { Account, IntakeProblem, IntakeReport } from '../../sync/change-log.ts'
import type { DocumentCache } from './document-cache.ts'
import type { Store } from './store.ts'
import type { Transaction, UnderstoodDelta } from './transaction.ts'
import { claimsUnwritten, isOwn, understand, type KindsByName } from './understand.ts'

export interface IntakeDeps {
  readonly kinds: KindsByName
  readonly store: Pick<Store, 'readChange' | 'quarantine'>
  readonly cache: Pick<DocumentCache, 'get'>
}

export interface IntakeBatch {
  readonly changes: readonly Uint8Array[]
  readonly account: Account
  /** Who we are: nobody else may write under this name. */
  readonly self: ReplicaId
  readonly quarantined: ReadonlySet<ReplicaId>
  readonly clock: hlc.Clock
  readonly nowMs: number
}

export interface Taken {
  readonly report: IntakeReport
  readonly clock: hlc.Clock
  /** Replicas of which the batch showed another history. */
  readonly forked: ReadonlySet<ReplicaId>
}

export type Intake = (transaction: Transaction, batch: IntakeBatch) => Taken

export const createIntake =
  ({ kinds, store, cache }: IntakeDeps): Intake =>
  (transaction, { changes, account, self, quarantined, clock: before, nowMs }) => {
    const stopped = new Set<ReplicaId>()
    const forked = new Set<ReplicaId>()
    const problems: IntakeProblem[] = []
    let clock = before
    let taken = 0
    let alreadyKnown = 0

    const stop = (replica: ReplicaId, problem: IntakeProblem) => {
      problems.push(problem)
      stopped.add(replica)
    }

    for (const bytes of changes) {
      const made = tryDecode(bytes)
      // Whoever sends what is corrupt is not listened to any further, and what follows in its stream may
      // build upon what is missing now.
      if ('kind' in made) {
        problems.push(made)
        break
      }
      const { dot } = made
      if (stopped.has(dot.replica)) continue
      const verdict = judge(made, bytes)
      if (verdict === 'known') {
        alreadyKnown++
        continue
      }
      if (verdict !== 'new') {
        if (verdict.kind === 'fork') {
          store.quarantine(dot, bytes)
          forked.add(dot.replica)
        }
        stop(dot.replica, verdict)
        continue
      }
      const deltas = understand(kinds, made)
      const lie = lieIn(deltas, dot.replica)
      if (lie) {
        problems.push(lie)
        break
      }
      transaction.append(made, bytes, deltas)
      clock = hlc.receive(clock, change.timestampOf(made), nowMs)
      taken++
    }
    return { report: { taken, alreadyKnown, problems }, clock, forked }

    function lieIn(deltas: readonly UnderstoodDelta[], writer: ReplicaId) {
      if (!deltas.every((delta) => isOwn(delta, writer))) {
        return corrupt('A change writes under dots of another replica')
      }
      return deltas.some(claimsToHaveSeenUs)
        ? corrupt('A change has seen what this node never wrote')
        : undefined
    }

    function judge({ dot, time }: Change, bytes: Uint8Array): 'new' | 'known' | IntakeProblem {
      const { counter, hash } = transaction.head(dot.replica)
      if (dot.counter <= counter) {
        const ours = store.readChange(dot)
        const differs = ours !== undefined && Buffer.compare(ours.bytes, bytes) !== 0
        // If our own copy is damaged, it says nothing about others: `verify` is what finds that.
        return differs && change.isIntact(ours.bytes) ? { kind: 'fork', dot } : 'known'
      }
      if (quarantined.has(dot.replica)) return { kind: 'quarantined', replica: dot.replica }
      // Somebody else writes under our name: this process was copied while it ran.
      if (dot.replica === self) return { kind: 'fork', dot }
      if (dot.counter > counter + 1) return { kind: 'gap', dot }
      const link = account.continued?.get(dotKey(dot))
      if (link && Buffer.compare(link, hash) !== 0) return { kind: 'fork', dot }
      // Time may have come up with the effect of a change that is still held: its cause has to come first.
      const { heldFrom } = account
      const isHeldBack = heldFrom !== undefined && hlc.earlier(time, heldFrom) === heldFrom
      return isHeldBack || hlc.isTooFarAhead(time, nowMs)
        ? { kind: 'too_far_ahead', dot, time, aheadMs: time.wallMs - nowMs }
        : 'new'
    }

    function claimsToHaveSeenUs({ kind, id, delta }: UnderstoodDelta): boolean {
      return claimsUnwritten(delta.context, cache.get(kind, id).state.context, self)
    }
  }

const corrupt = (detail: string) => ({ kind: 'corrupt', detail }) as const

const tryDecode = (bytes: Uint8Array): Change | ReturnType<typeof corrupt> => {
  try {
    return change.decode(bytes)
  } catch (error) {
    if (error instanceof codec.DecodeError) return corrupt(error.message)
    throw error
  }
}
