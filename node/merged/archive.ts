/**
 * Writes changes into the merged store: each once, under its dot, and joined into its documents, in one
 * transaction with all that is derived from those.
 *
 * Any number of nodes may do this at once, with the same changes. The rows of `replicas` are locked
 * first, in their order, and say what is lacking: what another node archived is passed over. Documents
 * come next, in one statement and in their order, those that are there and those that are not: so
 * nobody waits for somebody who waits for him.
 */

import type { ReplicaId } from '../../crdt/dot.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import * as change from '../../sync/change.ts'
import type { Change, ChainHead, ChainHeads } from '../../sync/change.ts'
import type { DocumentState } from '../../sync/document-exchange.ts'
import { understand, tryDecode, type KindsByName } from '../core/understand.ts'
import { documentHash } from '../core/digest.ts'
import type { UnderstoodDelta } from '../core/transaction.ts'
import { bulk, type BulkColumn } from './bulk.ts'
import { createMerging } from './merge-documents.ts'
import type { Sink } from './sink.ts'
import type { Queries, Sql } from './sql.ts'

/** A change as a node's log has it. */
export interface LoggedChange {
  readonly replica: ReplicaId
  readonly counter: number
  readonly bytes: Uint8Array
  /** The link that it added to its replica's chain. */
  readonly hash: Uint8Array
}

export interface Archived {
  /** How many of the changes were lacking. */
  readonly changes: number
  /** Of each replica of the batch, up to where the merged store now has its changes. */
  readonly heads: ReadonlyMap<ReplicaId, number>
  /** Replicas of which the merged store has another history than this node: nothing of them was taken. */
  readonly forked: readonly ReplicaId[]
}

export interface Archive {
  /** What the merged store has. */
  heads(): Promise<ChainHeads>
  /** Archives what is lacking of changes that are sorted by replica and counter, without gaps. */
  append(changes: readonly LoggedChange[]): Promise<Archived>
  /** Puts changes right that the merged store lacks or has otherwise, though it should have them. */
  repair(changes: readonly LoggedChange[]): Promise<void>
  /** Joins states of documents whose changes no node has any more. */
  join(documents: readonly DocumentState[]): Promise<void>
  /** Takes a node's floor for known, once all that the node had there was joined. */
  adopt(floor: ChainHeads): Promise<void>
  /** Notes which node each replica has said it was. */
  nameNodes(nodes: ReadonlyMap<ReplicaId, string>): Promise<void>
  /** Reads what an earlier release could not; answers how many changes that were. */
  readUnderstoodSince(changesMax: number): Promise<number>
}

export interface ArchiveDeps {
  readonly sql: Sql
  readonly kinds: KindsByName
  readonly sinks: readonly Sink[]
}

export const createArchive = ({ sql, kinds, sinks }: ArchiveDeps): Archive => {
  const merging = createMerging(sinks)
  const introduced = new Set<ReplicaId>()

  /** Makes rows to lock for replicas that are new, before and apart: an insert waits out of order. */
  const introduce = async (replicas: readonly ReplicaId[]): Promise<void> => {
    const strangers = replicas.filter((replica) => !introduced.has(replica))
    if (strangers.length === 0) return
    await sql.query(
      `insert into replicas (replica, counter, hash, wall_ms, logical)
       select replica, 0, $2, 0, 0 from unnest($1::text[]) as replica order by replica
       on conflict do nothing`,
      [strangers, change.chainStart],
    )
    for (const replica of strangers) introduced.add(replica)
  }

  const append: Archive['append'] = async (changes) => {
    const decoded = changes.map((one) => decode(kinds, one))
    const replicas = [...new Set(changes.map(({ replica }) => replica))].sort()
    await introduce(replicas)
    const archived = await sql.transaction(async (transaction) => {
      const heads = await lockHeads(transaction, replicas)
      const { lacking, risen, forked } = choose(decoded, heads)
      if (lacking.length > 0) {
        await insertChanges(transaction, lacking, 'on conflict do nothing')
        await merging.join(
          transaction,
          lacking.flatMap(({ understood }) => understood),
        )
        await writeHeads(transaction, risen)
      }
      return { changes: lacking.length, heads: countersOf(heads, risen), forked }
    })
    if (archived.heads.size < replicas.length) introduced.clear()
    return archived
  }

  return {
    heads: async () => {
      const rows = await sql.query<HeadRow>(
        'select replica, counter, hash from replicas where counter > 0',
      )
      return new Map(rows.map(({ replica, counter, hash }) => [replica, { counter, hash }]))
    },

    append,

    repair: (changes) =>
      sql.transaction(async (transaction) => {
        const decoded = changes.map((one) => decode(kinds, one))
        await lockHeads(transaction, [...new Set(changes.map(({ replica }) => replica))].sort())
        await insertChanges(transaction, decoded, asItWas)
        await merging.join(
          transaction,
          decoded.flatMap(({ understood }) => understood),
        )
      }),

    join: (documents) =>
      sql.transaction(async (transaction) => {
        const states: UnderstoodDelta[] = []
        const unread: DocumentState[] = []
        for (const state of documents) {
          const kind = kinds.get(state.kind)
          const read = kind && tryDecode(kind, state)
          if (read) states.push(read)
          else unread.push(state)
        }
        await merging.join(transaction, states)
        await insertUnread(transaction, unread)
      }),

    adopt: async (floor) => {
      const replicas = [...floor.keys()].sort()
      await introduce(replicas)
      await sql.transaction(async (transaction) => {
        const heads = await lockHeads(transaction, replicas)
        const risen = new Map<ReplicaId, Head>()
        for (const [replica, { counter, hash }] of floor) {
          const first = (heads.get(replica)?.counter ?? 0) + 1
          if (counter < first) continue
          risen.set(replica, { counter, hash, wallMs: 0, logical: 0 })
          await transaction.query(
            `insert into folded_ranges (replica, first, last) values ($1, $2, $3)
             on conflict (replica, first) do update set last = excluded.last`,
            [replica, first, counter],
          )
        }
        await writeHeads(transaction, risen)
      })
    },

    nameNodes: async (nodes) => {
      await sql.query(
        `update replicas set node = told.node
         from unnest($1::text[], $2::text[]) as told(replica, node)
         where replicas.replica = told.replica and replicas.node is null`,
        [[...nodes.keys()], [...nodes.values()]],
      )
    },

    readUnderstoodSince: (changesMax) =>
      sql.transaction(async (transaction) => {
        const rows = await transaction.query<LoggedChange>(
          `select replica, counter, bytes, hash from changes where not is_understood
           order by replica, counter limit ${changesMax} for update`,
        )
        const now = rows.map((row) => decode(kinds, row)).filter(({ isWhole }) => isWhole)
        if (now.length === 0) return 0
        await insertChanges(transaction, now, asItWas)
        await merging.join(
          transaction,
          now.flatMap(({ understood }) => understood),
        )
        return now.length
      }),
  }
}

interface Decoded {
  readonly logged: LoggedChange
  readonly made: Change
  readonly understood: readonly UnderstoodDelta[]
  /** Whether every delta was understood. */
  readonly isWhole: boolean
}

const decode = (kinds: KindsByName, logged: LoggedChange): Decoded => {
  const made = change.decode(logged.bytes)
  const understood = understand(kinds, made)
  return { logged, made, understood, isWhole: understood.length === made.deltas.length }
}

interface HeadRow extends ChainHead {
  readonly replica: ReplicaId
}

interface Head extends ChainHead, hlc.Clock {}

const lockHeads = async (
  transaction: Queries,
  replicas: readonly ReplicaId[],
): Promise<ChainHeads> => {
  const rows = await transaction.query<HeadRow>(
    `select replica, counter, hash from replicas where replica = any($1::text[])
     order by replica for update`,
    [replicas],
  )
  return new Map(rows.map(({ replica, counter, hash }) => [replica, { counter, hash }]))
}

/** Of the changes those that continue what the merged store has. */
const choose = (changes: readonly Decoded[], heads: ChainHeads) => {
  const lacking: Decoded[] = []
  const risen = new Map<ReplicaId, Head>()
  const forked = new Set<ReplicaId>()
  for (const one of changes) {
    const { replica, counter, bytes, hash } = one.logged
    const head = risen.get(replica) ?? heads.get(replica)
    if (!head || counter !== head.counter + 1 || forked.has(replica)) continue
    // Within a batch the node's own log vouches for the chain.
    const isFirst = !risen.has(replica)
    if (isFirst && Buffer.compare(change.chainHash(head.hash, bytes), hash) !== 0) {
      forked.add(replica)
      continue
    }
    lacking.push(one)
    risen.set(replica, { counter, hash, ...one.made.time })
  }
  return { lacking, risen, forked: [...forked] }
}

const countersOf = (
  heads: ChainHeads,
  risen: ReadonlyMap<ReplicaId, Head>,
): ReadonlyMap<ReplicaId, number> =>
  new Map([...heads, ...risen].map(([replica, { counter }]) => [replica, counter]))

const changeColumns: readonly BulkColumn[] = [
  { name: 'replica', type: 'text' },
  { name: 'counter', type: 'bigint' },
  { name: 'wall_ms', type: 'bigint' },
  { name: 'logical', type: 'integer' },
  { name: 'hlc', type: 'text' },
  { name: 'type', type: 'text' },
  { name: 'actor', type: 'text' },
  { name: 'bytes', type: 'bytea' },
  { name: 'hash', type: 'bytea' },
  { name: 'is_understood', type: 'boolean' },
]

const changeNames = changeColumns.map(({ name }) => name).join(', ')

const asItWas = `on conflict (replica, counter) do update set ${changeColumns
  .slice(2)
  .map(({ name }) => `${name} = excluded.${name}`)
  .join(', ')}`

const insertChanges = async (
  transaction: Queries,
  changes: readonly Decoded[],
  onConflict: string,
): Promise<void> => {
  const rows = changes.map(({ logged, made, isWhole }) => [
    logged.replica,
    logged.counter,
    made.time.wallMs,
    made.time.logical,
    hlc.format(change.timestampOf(made)),
    withoutNul(made.type),
    withoutNul(made.actor),
    logged.bytes,
    logged.hash,
    isWhole,
  ])
  const { table, values } = bulk('lacking', changeColumns, rows)
  await transaction.query(
    `insert into changes (${changeNames}) select ${changeNames} from ${table}
     order by place ${onConflict}`,
    values,
  )
}

/** PostgreSQL's texts have no character 0; the change's bytes keep it. */
export const withoutNul = (text: string): string => text.replaceAll('\0', '�')

const writeHeads = async (
  transaction: Queries,
  risen: ReadonlyMap<ReplicaId, Head>,
): Promise<void> => {
  for (const [replica, { counter, hash, wallMs, logical }] of risen) {
    await transaction.query(
      `update replicas set counter = $2, hash = $3, wall_ms = greatest(wall_ms, $4),
         logical = $5 where replica = $1`,
      [replica, counter, hash, wallMs, logical],
    )
  }
}

const insertUnread = async (
  transaction: Queries,
  states: readonly DocumentState[],
): Promise<void> => {
  for (const { kind, id, bytes } of states) {
    await transaction.query(
      `insert into unread_documents (kind, id, hash, bytes) values ($1, $2, $3, $4)
       on conflict do nothing`,
      [kind, id, documentHash(kind, id, bytes), bytes],
    )
  }
}
