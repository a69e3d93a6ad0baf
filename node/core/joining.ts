/**
 * Takes in documents that came from a peer without the changes that made them, and trusts none of them:
 * one must be what its kind says, not come from the future, and not claim to have seen what we never
 * wrote. What is wrong with one says nothing about the others. `intake.ts` does the same for changes.
 *
 * A document of a kind that this release does not know is kept as it came. It is sent on to whoever
 * knows the kind, and becomes a document here when this node does.
 */

import * as causalContext from '../../crdt/causal-context.ts'
import * as codec from '../../crdt/codec.ts'
import type { Document } from '../../crdt/document.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import type { DocumentState, JoinProblem, JoinReport } from '../../sync/document-exchange.ts'
import type { DocumentKind } from './capability.ts'
import type { DocumentCache } from './document-cache.ts'
import type { Store } from './store.ts'
import type { Transaction, UnderstoodDelta } from './transaction.ts'
import { claimsUnwritten, type KindsByName } from './understand.ts'

export interface JoiningDeps {
  readonly kinds: KindsByName
  readonly store: Pick<Store, 'addUnread' | 'readHorizon' | 'writeHorizon'>
  readonly cache: Pick<DocumentCache, 'get'>
}

export interface Joined {
  readonly report: JoinReport
  readonly clock: hlc.Clock
}

export type Joining = (
  transaction: Transaction,
  batch: {
    readonly documents: readonly DocumentState[]
    readonly self: ReplicaId
    readonly clock: hlc.Clock
    readonly nowMs: number
  },
) => Joined

export const createJoining =
  ({ kinds, store, cache }: JoiningDeps): Joining =>
  (transaction, { documents, self, clock, nowMs }) => {
    const problems: JoinProblem[] = []
    const states: UnderstoodDelta[] = []
    let horizon = hlc.later(store.readHorizon(), { wallMs: nowMs, logical: 0 })

    for (const state of documents) {
      const kind = kinds.get(state.kind)
      if (!kind) {
        store.addUnread(state)
        continue
      }
      const read = tryRead(kind, state)
      const problem = 'detail' in read ? read : judge(read)
      if (problem) {
        problems.push({ ...problem, detail: `${state.kind}/${state.id}: ${problem.detail}` })
      } else if (!('detail' in read)) {
        states.push(read)
        horizon = hlc.later(horizon, latestIn(kind, read.delta))
      }
    }
    const report = { joined: documents.length - problems.length, problems }
    if (states.length === 0) return { report, clock }
    transaction.join(states)
    // What was removed from a document has no time any more, and came no later than now.
    store.writeHorizon(horizon)
    return { report, clock: hlc.later(clock, horizon) }

    function judge({ kind, id, delta }: UnderstoodDelta): JoinProblem | undefined {
      if (claimsUnwritten(delta.context, cache.get(kind, id).state.context, self)) {
        return { kind: 'forged', detail: 'it has seen what this node never wrote' }
      }
      const latest = latestIn(kind, delta)
      if (!hlc.isTooFarAhead(latest, nowMs)) return undefined
      const detail = `it was written ${latest.wallMs - nowMs} ms ahead of our clock`
      return { kind: 'too_far_ahead', detail }
    }
  }

const tryRead = (
  kind: DocumentKind,
  { id, bytes }: DocumentState,
): UnderstoodDelta | JoinProblem => {
  try {
    const delta = kind.schema.decode(bytes)
    return causalContext.isEmpty(delta.context)
      ? { kind: 'corrupt', detail: 'it is empty' }
      : { kind, id, delta, bytes }
  } catch (error) {
    if (!(error instanceof codec.DecodeError)) throw error
    return { kind: error.isOfLater ? 'unknown' : 'corrupt', detail: error.message }
  }
}

/** The latest time that anything in the document was written at, as far as values carry it. */
const latestIn = ({ schema }: DocumentKind, { store }: Document): hlc.Clock => {
  let latest = hlc.bottom
  schema.shape.visit(store, ({ value }) => {
    if (!isStamped(value)) return
    const { wallMs, logical } = value
    latest = hlc.later(latest, { wallMs, logical })
  })
  return latest
}

const isStamped = (value: unknown): value is hlc.Clock =>
  typeof value === 'object' && value !== null && 'wallMs' in value && 'logical' in value
