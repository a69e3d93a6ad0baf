/**
 * A node's log as the archiver reads it: over a connection of its own that only reads, beside the one
 * writer, from what that has made durable.
 */

import Database from 'better-sqlite3'
import { vectorOf, type ChainHead, type ChainHeads } from '../../sync/change.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import type { VersionVector } from '../../crdt/version-vector.ts'
import type { DocumentState } from '../../sync/document-exchange.ts'
import { checkFormat } from '../core/sqlite-schema.ts'
import type { LoggedChange } from './archive.ts'

export interface NodeLog {
  /** Rises with every transaction of the writer. */
  version(): number
  heads(): ChainHeads
  floor(): ChainHeads
  vector(): VersionVector
  /** The replicas that the node of this name was. */
  replicasOf(node: string): ReadonlySet<ReplicaId>
  /** The node that each replica has said it is. */
  nodes(): ReadonlyMap<ReplicaId, string>
  /** A replica's changes after `counter`, in order, up to so many and so many bytes, but at least one. */
  read(replica: ReplicaId, counter: number, most: ReadMost): readonly LoggedChange[]
  /** When the change was made; undefined if it is not in the log. */
  wallMsAt(replica: ReplicaId, counter: number): number | undefined
  /** What was folded, a page at a time; `after` is the last page's `last`. */
  foldedAfter(after: number, documentsMax: number): DocumentPage
  /** What only a later release can read. */
  unread(): readonly DocumentState[]
  /** Documents by kind and id, those after `after`, with their part of the digest. */
  documentsAfter(after: DocumentName, documentsMax: number): readonly HashedDocument[]
  document(name: DocumentName): DocumentState | undefined
  digest(): Uint8Array
  close(): void
}

export interface ReadMost {
  readonly changesMax: number
  readonly bytesMax: number
}

export interface DocumentPage {
  readonly documents: readonly DocumentState[]
  readonly last: number
}

export interface DocumentName {
  readonly kind: string
  readonly id: string
}

export interface HashedDocument extends DocumentName {
  readonly hash: Uint8Array
}

export const openNodeLog = (file: string): NodeLog => {
  const database = new Database(file, { readonly: true, fileMustExist: true })
  checkFormat(database)
  // The writer's own cache is another; what is archived was just written and is in the system's.
  database.pragma('cache_size = -4096')
  const sql = prepare(database)

  const links = (rows: readonly (ChainHead & { readonly replica: ReplicaId })[]): ChainHeads =>
    new Map(
      rows
        .filter(({ counter }) => counter > 0)
        .map(({ replica, counter, hash }) => [replica, { counter, hash }]),
    )
  const heads = () => links(sql.heads.all())

  return {
    version: () => Number(database.pragma('data_version', { simple: true })),
    heads,
    floor: () => links(sql.floor.all()),
    vector: () => vectorOf(heads()),
    replicasOf: (node) => new Set(sql.replicasOf.all(node)),
    nodes: () => new Map(sql.nodes.all().map(({ replica, node }) => [replica, node])),
    read: (replica, counter, { changesMax, bytesMax }) => {
      const changes: LoggedChange[] = []
      let size = 0
      for (const row of sql.read.iterate(replica, counter)) {
        size += row.bytes.length
        if (changes.length > 0 && (size > bytesMax || changes.length >= changesMax)) break
        changes.push({ replica, ...row })
      }
      return changes
    },
    wallMsAt: (replica, counter) => sql.wallMsAt.get(replica, counter),
    foldedAfter: (after, documentsMax) => {
      const rows = sql.folded.all(after, documentsMax)
      return { documents: rows, last: rows.at(-1)?.document ?? after }
    },
    unread: () => sql.unread.all(),
    documentsAfter: ({ kind, id }, documentsMax) => sql.documents.all(kind, id, documentsMax),
    document: ({ kind, id }) => sql.document.get(kind, id),
    digest: () => sql.digest.get() ?? new Uint8Array(32),
    close: () => database.close(),
  }
}

type HeadRow = ChainHead & { readonly replica: ReplicaId }

const prepare = (database: Database.Database) => ({
  heads: database.prepare<[], HeadRow>('select replica, counter, hash from replicas'),
  floor: database.prepare<[], HeadRow>(
    `select replicas.replica, floors.counter, floors.hash
     from floors join replicas on number = floors.replica`,
  ),
  replicasOf: database
    .prepare<[string], ReplicaId>('select replica from node_replicas where node = ?')
    .pluck(),
  nodes: database.prepare<[], { replica: ReplicaId; node: string }>(
    'select replica, node from node_replicas',
  ),
  read: database.prepare<[string, number], Omit<LoggedChange, 'replica'>>(
    `select counter, bytes, hash from changes
     where replica = (select number from replicas where replica = ?) and counter > ?
     order by counter`,
  ),
  wallMsAt: database
    .prepare<[string, number], number>(
      `select wall_ms from changes
       where replica = (select number from replicas where replica = ?) and counter = ?`,
    )
    .pluck(),
  folded: database.prepare<[number, number], DocumentState & { document: number }>(
    'select document, kind, id, bytes from folded where document > ? order by document limit ?',
  ),
  unread: database.prepare<[], DocumentState>('select kind, id, bytes from unread'),
  documents: database.prepare<[string, string, number], HashedDocument>(
    `select kind, id, hash from documents where (kind, id) > (?, ?) order by kind, id limit ?`,
  ),
  document: database.prepare<[string, string], DocumentState>(
    'select kind, id, bytes from documents where kind = ? and id = ?',
  ),
  digest: database.prepare<[], Buffer>(`select value from state where name = 'digest'`).pluck(),
})
