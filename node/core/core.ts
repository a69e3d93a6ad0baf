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

import type { Document } from '../../crdt/document.ts'
import { dotKey, replicaIdOf, type Dot, type ReplicaId } from '../../crdt/dot.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import type { Value } from '../../crdt/value.ts'
import * as change from '../../sync/change.ts'
import type { Change } from '../../sync/change.ts'
import type { IntakeReport } from '../../sync/change-log.ts'
import type { Refusal } from '../errors.ts'
import { Fault } from '../fault.ts'
import { ok, refused, type Result } from '../result.ts'
import type { Decide, DocumentKind, Draft, World } from './capability.ts'
import { read, createDocumentCache, type CachedDocument } from './document-cache.ts'
import { createIntake } from './intake.ts'
import type { CoreState, Store } from './store.ts'
import { createTransaction, type Transaction } from './transaction.ts'

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
  readonly state: () => CoreState
  /** Runs commands as one transaction. A refused or faulty command leaves the others alone. */
  execute(commands: readonly Command[]): readonly CommandResult[]
  /** Takes in changes from a peer as one transaction. */
  receive(changes: readonly Uint8Array[]): IntakeReport
  /** The document as it is now, empty if there is none; not to be kept beyond the moment. */
  read: World['read']
  exists: World['exists']
  isAnswered: World['isAnswered']
  /** The receipt of the change that answered this request, if one did. */
  receiptOf(request: string): Receipt | undefined
}

/** What became of a command; `thrown` is a mistake of ours in its rule, which changed nothing. */
export type CommandResult = Result<Outcome, Refusal> | { readonly thrown: unknown }

export interface CoreDeps {
  readonly store: Store
  readonly kinds: readonly DocumentKind[]
  readonly clock: { now(): number }
  /** Random bytes, from a source that no two nodes share. */
  readonly random: (bytes: number) => Uint8Array
  /** Called after each durable transaction, with the documents it changed. */
  readonly committed?: (changed: readonly CachedDocument[]) => void
}

export const createCore = ({ store, kinds, clock, random, committed }: CoreDeps): Core => {
  const kindsByName = new Map(kinds.map((kind) => [kind.schema.kind, kind]))
  const cache = createDocumentCache(store)
  const mintReplica = () => replicaIdOf(random(8))

  let replica = mintReplica()
  let state = store.readState()
  let brokenBy: unknown

  const kindOf = (schema: { readonly kind: string }): DocumentKind => {
    const kind = kindsByName.get(schema.kind)
    if (!kind) throw new Error(`No capability registered documents of kind ${schema.kind}`)
    return kind
  }

  const current: Pick<World, 'read' | 'exists' | 'isAnswered'> = {
    read: (schema, id) => read(schema, cache.get(kindOf(schema), id)),
    exists: (schema, id) => cache.get(kindOf(schema), id).live.context.vector.size > 0,
    isAnswered: (request) => store.readRequest(request) !== undefined,
  }

  /** Runs `work` durably, or leaves everything as it was before. */
  const transact = <T>(work: (transaction: Transaction) => { result: T; clock: hlc.Clock }): T => {
    if (brokenBy !== undefined) throw brokenFault(brokenBy)
    let changed: readonly CachedDocument[] = []
    try {
      const done = store.transact(() => {
        const transaction = createTransaction(store, cache, state)
        const { result, clock } = work(transaction)
        return { result, ...transaction.finish(clock) }
      })
      state = done.state
      changed = done.changed
      cache.trim()
      committed?.(changed)
      return done.result
    } catch (error) {
      cache.clear()
      if (!isDiskFull(error)) brokenBy = error
      else {
        replica = mintReplica()
        state = store.readState()
      }
      throw isDiskFull(error) ? diskFullFault(error) : brokenFault(error)
    }
  }

  const execute = (commands: readonly Command[]): readonly CommandResult[] =>
    transact((transaction) => {
      let reading = state.clock
      const results = commands.map((command): CommandResult => {
        const known = command.request && store.readRequest(command.request.id)
        if (known && command.request) return repeated(change.decode(known.bytes), command.request)
        const time = hlc.tick(reading, clock.now())
        const world: World = { ...current, replica, time: { ...time, replica } }
        let decided: Result<Draft<Value>, Refusal>
        try {
          decided = command.decide(world, command.input)
        } catch (thrown) {
          return { thrown }
        }
        if (!decided.ok) return decided
        reading = time
        const made = makeChange(decided.value, {
          dot: { replica, counter: transaction.head(replica).counter + 1 },
          time,
          command,
        })
        const deltas = decided.value.deltas.map(({ schema, id, delta }) => ({
          kind: kindOf(schema),
          id,
          delta,
        }))
        transaction.append(made, change.encode(made), deltas)
        return ok({
          answer: decided.value.answer,
          receipt: receiptOf(made),
          isRepeat: false,
        })
      })
      return { result: results, clock: reading }
    })

  const intake = createIntake({ kindsByName, store, now: () => clock.now() })

  return {
    replica: () => replica,
    state: () => state,
    execute,
    receive: (changes) => transact((transaction) => intake(transaction, state.clock, changes)),
    ...current,
    receiptOf: (request) => {
      const found = store.readRequest(request)
      return found && receiptOf(change.decode(found.bytes))
    },
  }
}

const makeChange = (
  { type, details, deltas, answer, requests = [] }: Draft<Value>,
  {
    dot,
    time,
    command: { actor, request },
  }: { readonly dot: Dot; readonly time: hlc.Clock; readonly command: Command },
): Change => ({
  dot,
  time,
  actor,
  type,
  requests: request ? [request.id, ...requests] : requests,
  details: {
    ...(details === undefined ? {} : { details }),
    answer,
    ...(request ? { fingerprint: request.fingerprint } : {}),
  },
  deltas: deltas.map(({ schema, id, delta }) => ({
    kind: schema.kind,
    id,
    bytes: schema.encode(delta as Document),
  })),
})

/** The receipt of a durable change. */
export const receiptOf = (made: Change): Receipt => ({
  change: dotKey(made.dot),
  hlc: hlc.format(change.timestampOf(made)),
  durability: 'local',
})

// A request that was done before, here or elsewhere, is answered as it was then.
const repeated = (made: Change, { fingerprint }: RequestId): Result<Outcome, Refusal> => {
  const kept = made.details as { readonly answer: Value; readonly fingerprint?: string }
  return kept.fingerprint === fingerprint
    ? ok({ answer: kept.answer, receipt: receiptOf(made), isRepeat: true })
    : refused({
        code: 'idempotency_key_reused',
        detail: 'This idempotency key was used for another request.',
      })
}

const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'SQLITE_FULL'

const diskFullFault = (cause: unknown) =>
  new Fault('storage_full', 'The disk is full; nothing of this was kept', { cause })

const brokenFault = (cause: unknown) =>
  new Fault('storage_failed', 'A write failed; the node must start anew', { cause })
