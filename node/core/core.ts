/**
 * The core is the one writer of a node: it decides commands, takes in changes from peers, and brings
 * both down the same road: log, documents, rows, digest, in one durable transaction.
 *
 * It is synchronous, and time, randomness and storage are passed in, so that a whole cluster of cores
 * can run in one process on virtual time. When a call returns, what it did is durable; nothing is
 * told to anybody before that.
 *
 * What if the store fails? A full disk is a definite failure: the transaction is undone, and the core
 * goes on under a new replica, so that no dot is ever used twice. Any other failure leaves open what
 * the disk holds: the core is broken, says so from then on, and the process must start anew.
 */

import * as causalContext from '../../crdt/causal-context.ts'
import { dotKey, replicaIdOf, type ReplicaId } from '../../crdt/dot.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import type { Value } from '../../crdt/value.ts'
import * as change from '../../sync/change.ts'
import type { Change, ChainHeads } from '../../sync/change.ts'
import type { Account, IntakeReport } from '../../sync/change-log.ts'
import type { AdoptReport, DocumentState, JoinReport } from '../../sync/document-exchange.ts'
import type { Refusal } from '../errors.ts'
import { Fault } from '../fault.ts'
import { ok, type Result } from '../result.ts'
import { adopt, judgeFloor, type Adoption } from './adopt.ts'
import type { Decide, DocumentKind, World } from './capability.ts'
import * as decision from './decision.ts'
import { createDocumentCache, read, type CachedDocument } from './document-cache.ts'
import { foldStep, type Folded, type FoldStep } from './fold.ts'
import { createIntake } from './intake.ts'
import { createJoining } from './joining.ts'
import { createBriefLineage, type Lineage, type Succession } from './lineage.ts'
import type { CoreState, Store } from './store.ts'
import { createTransaction, type Transaction } from './transaction.ts'
import { kindOf, kindsByName } from './understand.ts'

export interface Command<Input = unknown, Answer extends Value = Value> {
  readonly decide: Decide<Input, Answer>
  readonly input: Input
  /** Who asks: `admin/…`, `cart/…`. */
  readonly actor: string
  /** Names the request, so that it is done once however often and wherever it is sent. */
  readonly request?: RequestId
}

export interface RequestId {
  readonly id: string
  /** A digest of what was asked, to find another request under the same id. */
  readonly fingerprint: string
}

export interface Outcome<Answer extends Value = Value> {
  readonly answer: Answer
  readonly receipt: Receipt
  /** Whether this had been done before, and the answer is the one given then. */
  readonly isRepeat: boolean
}

export interface Receipt {
  /** The change's dot, `<replica>:<counter>`. */
  readonly change: string
  readonly hlc: string
  readonly durability: 'local'
}

export interface Core {
  readonly replica: () => ReplicaId
  /** Whose rights the node may spend: `World.lineage` as a rule would see it now. */
  readonly lineage: () => readonly ReplicaId[]
  readonly state: () => CoreState
  /** Whether a write failed in a way that leaves open what was kept; every later one is refused. */
  readonly isBroken: () => boolean
  /** Runs commands as one transaction. A refused or faulty command leaves the others alone. */
  execute(commands: readonly Command[]): readonly CommandResult[]
  /** Takes in changes from a peer as one transaction; see `ChangeIntake.receive`. */
  receive(changes: readonly Uint8Array[], account?: Account): IntakeReport
  /** Up to where each replica's changes were folded. */
  readonly floor: () => ChainHeads
  /** Takes one step of folding, as one transaction. It changes no document. */
  fold(step: FoldStep): Folded
  /** Joins a peer's documents as one transaction. */
  join(documents: readonly DocumentState[]): JoinReport
  /** Takes a peer's floor for ours, once all that it had there was joined. */
  adopt(floor: ChainHeads, clock: hlc.Clock): AdoptReport
  /** The document as it is now, empty if there is none; not to be kept beyond the moment. */
  read: World['read']
  exists: World['exists']
  isAnswered: World['isAnswered']
  /** The receipt of the change that answered this request, if one did. */
  findReceipt(request: string): Receipt | undefined
}

/** What became of a command; `thrown` is a mistake of ours in its rule, which changed nothing. */
export type CommandResult = Result<Outcome, Refusal> | { readonly thrown: unknown }

export interface CoreDeps {
  readonly store: Store
  readonly kinds: readonly DocumentKind[]
  readonly clock: { now(): number }
  /** Random bytes, from a source that no two nodes share. */
  readonly random: (bytes: number) => Uint8Array
  /** Who this node was before; by default nobody. */
  readonly lineage?: Lineage
  /** Called after each durable transaction, with the documents it changed. */
  readonly committed?: (changed: readonly CachedDocument[]) => void
}

export const createCore = (deps: CoreDeps): Core => {
  const { store, clock, random, committed } = deps
  const kinds = kindsByName(deps.kinds)
  const cache = createDocumentCache(store)
  const intake = createIntake({ kinds, store, cache })
  const joining = createJoining({ kinds, store, cache })
  const lineage = deps.lineage ?? createBriefLineage()
  const mintReplica = (why: Succession) => {
    const minted = replicaIdOf(random(8))
    lineage.succeed(minted, why)
    return minted
  }

  let replica = mintReplica('start')
  let state = store.readState()
  let floor = store.readFloor()
  let quarantined = store.readQuarantine()
  let brokenBy: { readonly cause: unknown } | undefined

  const documents: Pick<World, 'read' | 'exists' | 'isAnswered'> = {
    read: (schema, id) => read(schema, cache.get(kindOf(kinds, schema), id)),
    exists: (schema, id) => {
      const { state } = cache.get(kindOf(kinds, schema), id)
      return !causalContext.isEmpty(state.context)
    },
    isAnswered: (request) => store.hasRequest(request),
  }

  const durably = <T>(work: () => T): T => {
    if (brokenBy) throw brokenFault(brokenBy)
    try {
      return store.transact(work)
    } catch (cause) {
      cache.clear()
      if (isDiskFull(cause)) {
        replica = mintReplica('disk_full')
        throw diskFullFault({ cause })
      }
      brokenBy = { cause }
      throw brokenFault(brokenBy)
    }
  }

  /** Runs `work` durably, or leaves everything as it was before. */
  const transact = <T>(work: (transaction: Transaction) => { result: T; clock: hlc.Clock }): T => {
    const done = durably(() => {
      const transaction = createTransaction(store, cache, state)
      const { result, clock } = work(transaction)
      return { result, ...transaction.finish(clock) }
    })
    state = done.state
    cache.trim()
    if (done.changed.length > 0) committed?.(done.changed)
    return done.result
  }

  const execute = (commands: readonly Command[]): readonly CommandResult[] =>
    transact((transaction) => {
      let reading = state.clock
      const run = (command: Command): CommandResult => {
        const { request } = command
        // A clock may tell fractions; the bytes of a change do not.
        const time = hlc.tick(reading, Math.floor(clock.now()))
        const world = {
          ...documents,
          replica,
          lineage: lineage.replicas(),
          time: { ...time, replica },
        }
        const counter = transaction.head(replica).counter + 1
        const decided = trying(() => {
          // Most are new, and to find that out takes an eighth of reading the change that answered.
          const known =
            request && store.hasRequest(request.id) ? store.readRequest(request.id) : undefined
          return known && request
            ? decision.repeat(known.bytes, request)
            : decision.decide(command, { world, counter, kinds })
        })
        if ('thrown' in decided || !decided.ok) return decided
        const { made, answer, isRepeat } = decided.value
        if (!isRepeat) {
          transaction.append(made, decided.value.bytes, decided.value.deltas)
          reading = time
        }
        return ok({ answer, receipt: receiptOf(made), isRepeat })
      }
      return { result: commands.map(run), clock: reading }
    })

  const receive = (changes: readonly Uint8Array[], account: Account = {}): IntakeReport => {
    const { report, forked } = transact((transaction) => {
      const batch = { changes, account, self: replica, quarantined, clock: state.clock }
      const taken = intake(transaction, { ...batch, nowMs: clock.now() })
      return { result: taken, clock: taken.clock }
    })
    if (forked.size > 0) quarantined = store.readQuarantine()
    // Whoever else writes under our name may keep it.
    if (forked.has(replica)) replica = mintReplica('forked')
    return report
  }

  const adoptFloor = (theirs: Adoption): AdoptReport => {
    const ours = { state, floor, self: replica, quarantined }
    const refused = judgeFloor(store, ours, { ...theirs, nowMs: clock.now() })
    if (refused) return refused
    const adopted = durably(() => adopt(store, kinds, ours, theirs))
    state = adopted.state
    floor = adopted.floor
    return { kind: 'adopted' }
  }

  // Between transactions all that changed is written, so that reading may make room in the cache.
  const trimmed = <T>(result: T): T => {
    cache.trim()
    return result
  }

  return {
    replica: () => replica,
    lineage: () => lineage.replicas(),
    state: () => state,
    isBroken: () => brokenBy !== undefined,
    execute,
    receive,
    floor: () => floor,
    fold: (step) => {
      const folded = durably(() => foldStep(store, kinds, step))
      floor = folded.floor
      return folded
    },
    join: (states) =>
      transact((transaction) => {
        const batch = { documents: states, self: replica, clock: state.clock, nowMs: clock.now() }
        const { report, clock: after } = joining(transaction, batch)
        return { result: report, clock: after }
      }),
    adopt: (theirs, { wallMs, logical }) =>
      adoptFloor({ floor: theirs, clock: { wallMs, logical } }),
    read: (schema, id) => trimmed(documents.read(schema, id)),
    exists: (schema, id) => trimmed(documents.exists(schema, id)),
    isAnswered: documents.isAnswered,
    findReceipt: (request) => {
      const answered = store.readRequest(request)
      return answered && receiptOf(change.decode(answered.bytes))
    },
  }
}

/** The receipt of a durable change. */
export const receiptOf = (made: Change): Receipt => ({
  change: dotKey(made.dot),
  hlc: hlc.format(change.timestampOf(made)),
  durability: 'local',
})

// A rule's mistake costs its own command; a failure of the store puts the whole transaction in question.
const trying = <T>(work: () => T): T | { readonly thrown: unknown } => {
  try {
    return work()
  } catch (thrown) {
    if (isStorageFailure(thrown)) throw thrown
    return { thrown }
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

const isStorageFailure = (error: unknown): boolean => codeOf(error).startsWith('SQLITE_')
const isDiskFull = (error: unknown): boolean => codeOf(error) === 'SQLITE_FULL'

const brokenFault = (options: { readonly cause: unknown }) =>
  new Fault('storage_failed', 'A write failed; the node must start anew', options)

const diskFullFault = (options: { readonly cause: unknown }) =>
  new Fault('storage_full', 'The disk is full; nothing of this was kept', options)
