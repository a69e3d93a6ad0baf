/** The log in SQLite: changes in the order in which they were applied, and each replica's chain. */

import type Database from 'better-sqlite3'
import { assert } from '../../crdt/assert.ts'
import type { Dot, ReplicaId } from '../../crdt/dot.ts'
import * as change from '../../sync/change.ts'
import type { ChainHead, ChainHeads } from '../../sync/change.ts'
import { createSealedNotes } from './sealed-note.ts'
import type { ChangeRow, Store, StoredChange, StoredSlice } from './store.ts'

type LogPart =
  | 'appendChange'
  | 'readChange'
  | 'readChanges'
  | 'positionAfter'
  | 'endPosition'
  | 'quarantine'
  | 'readQuarantine'
  | 'dropChanges'
  | 'readFloor'
  | 'writeFloor'

export interface SqliteLog extends Pick<Store, LogPart> {
  readHeads(): ChainHeads
  writeHead(replica: ReplicaId, head: ChainHead): void
  /** Call when a transaction has ended: if it was undone, what it introduced is not there. */
  settle(isKept: boolean): void
}

export const createSqliteLog = (database: Database.Database): SqliteLog => {
  const sql = prepare(database)
  const notes = createSealedNotes(database)
  const numbers = new Map<ReplicaId, number>()
  const names = new Map<number, ReplicaId>()
  let introduced: ReplicaId[] = []
  /** The last position ever given away; undefined until it is needed. */
  let lastPosition: number | undefined

  // A replica is eight bytes in a change and a small number in a row.
  const know = (replica: ReplicaId, number: number): number => {
    numbers.set(replica, number)
    names.set(number, replica)
    return number
  }
  for (const { number, replica } of sql.readReplicas.all()) know(replica, number)

  const introduce = (replica: ReplicaId): number => {
    introduced.push(replica)
    return know(replica, Number(sql.insertReplica.run(replica, Buffer.alloc(32)).lastInsertRowid))
  }

  const numberOf = (replica: ReplicaId): number => numbers.get(replica) ?? introduce(replica)

  const nameOf = (number: number): ReplicaId => {
    const name = names.get(number)
    assert(name !== undefined, 'a change belongs to a known replica')
    return name
  }

  // A fold may take the last change out of the log, and its position must not be given away again:
  // whoever reads on from there would miss the change that it is given to.
  const readLastPosition = (): number =>
    Math.max(sql.readLastPosition.get() ?? 0, Number(notes.read('last_dropped') ?? 0))

  const drop = (position: number): void => {
    const bytes = sql.readBytes.get(position)
    assert(bytes !== undefined, 'what is dropped is in the log')
    const { requests, deltas } = change.decode(bytes)
    for (const request of requests) sql.deleteRequest.run(request, position)
    for (const { kind, id } of deltas) sql.deleteTouch.run(kind, id, position)
    sql.deleteChange.run(position)
  }

  return {
    readHeads: () => {
      const heads = new Map<ReplicaId, ChainHead>()
      for (const { replica, counter, hash } of sql.readReplicas.all()) {
        if (counter > 0) heads.set(replica, { counter, hash })
      }
      return heads
    },

    writeHead: (replica, { counter, hash }) => {
      sql.writeHead.run(counter, hash, numberOf(replica))
    },

    appendChange: ({ dot, wallMs, bytes, hash }: ChangeRow) => {
      const position = (lastPosition ?? readLastPosition()) + 1
      sql.insertChange.run(position, numberOf(dot.replica), dot.counter, wallMs, bytes, hash)
      lastPosition = position
      return position
    },

    dropChanges: (positions) => {
      const last = lastPosition ?? readLastPosition()
      for (const position of positions) drop(position)
      if (sql.readLastPosition.get() !== last) notes.write('last_dropped', String(last))
    },

    readFloor: () => {
      const floor = new Map<ReplicaId, ChainHead>()
      for (const { replica, counter, hash } of sql.readFloors.all()) {
        floor.set(nameOf(replica), { counter, hash })
      }
      return floor
    },

    writeFloor: (floor) => {
      for (const [replica, { counter, hash }] of floor) {
        sql.writeFloor.run(numberOf(replica), counter, hash)
      }
    },

    readChange: ({ replica, counter }: Dot) => {
      const number = numbers.get(replica)
      return number === undefined ? undefined : sql.readChange.get(number, counter)
    },

    readChanges: (position, bytesMax) => {
      const entries: StoredSlice['entries'][number][] = []
      let size = 0
      let next = position
      for (const row of sql.readChangesFrom.iterate(position)) {
        size += row.bytes.length
        if (entries.length > 0 && size > bytesMax) break
        const dot = { replica: nameOf(row.replica), counter: row.counter }
        const { position, wall_ms: wallMs, bytes, hash } = row
        entries.push({ position, dot, wallMs, bytes, hash })
        next = row.position + 1
      }
      return { entries, next }
    },

    positionAfter: (replica, counter) => {
      const number = numbers.get(replica)
      return number === undefined ? undefined : sql.readPositionAfter.get(number, counter)?.position
    },

    endPosition: () => (lastPosition ??= readLastPosition()) + 1,

    quarantine: ({ replica, counter }, evidence) => {
      sql.insertQuarantine.run(replica, counter, evidence)
    },
    readQuarantine: () => new Set(sql.readQuarantine.all().map(({ replica }) => replica)),

    settle: (isKept) => {
      if (!isKept) {
        for (const replica of introduced) numbers.delete(replica)
        lastPosition = undefined
      }
      introduced = []
    },
  }
}

interface ReplicaRow {
  readonly number: number
  readonly replica: ReplicaId
  readonly counter: number
  readonly hash: Buffer
}

interface LogRow {
  readonly position: number
  readonly replica: number
  readonly counter: number
  readonly wall_ms: number
  readonly bytes: Buffer
  readonly hash: Buffer
}

const prepare = (database: Database.Database) => ({
  readReplicas: database.prepare<[], ReplicaRow>(
    'select number, replica, counter, hash from replicas',
  ),
  insertReplica: database.prepare<[string, Buffer]>(
    'insert into replicas (replica, counter, hash) values (?, 0, ?)',
  ),
  writeHead: database.prepare<[number, Uint8Array, number]>(
    'update replicas set counter = ?, hash = ? where number = ?',
  ),
  insertChange: database.prepare<[number, number, number, number, Uint8Array, Uint8Array]>(
    'insert into changes (position, replica, counter, wall_ms, bytes, hash) values (?, ?, ?, ?, ?, ?)',
  ),
  readChange: database.prepare<[number, number], StoredChange>(
    'select position, bytes, hash from changes where replica = ? and counter = ?',
  ),
  readChangesFrom: database.prepare<[number], LogRow>(
    `select position, replica, counter, wall_ms, bytes, hash from changes
     where position >= ? order by position`,
  ),
  readPositionAfter: database.prepare<[number, number], { position: number }>(
    `select position from changes where replica = ? and counter > ? order by counter limit 1`,
  ),
  readLastPosition: database
    .prepare<[], number>('select position from changes order by position desc limit 1')
    .pluck(),
  readBytes: database
    .prepare<[number], Buffer>('select bytes from changes where position = ?')
    .pluck(),
  deleteChange: database.prepare<[number]>('delete from changes where position = ?'),
  deleteRequest: database.prepare<[string, number]>(
    'delete from requests where request = ? and position = ?',
  ),
  deleteTouch: database.prepare<[string, string, number]>(
    `delete from touches
     where document = (select number from documents where kind = ? and id = ?) and position = ?`,
  ),
  readFloors: database.prepare<[], Omit<ReplicaRow, 'number' | 'replica'> & { replica: number }>(
    'select replica, counter, hash from floors',
  ),
  writeFloor: database.prepare<[number, number, Uint8Array]>(
    'insert or replace into floors (replica, counter, hash) values (?, ?, ?)',
  ),
  insertQuarantine: database.prepare<[string, number, Uint8Array]>(
    'insert into quarantine (replica, counter, bytes) values (?, ?, ?) on conflict do nothing',
  ),
  readQuarantine: database.prepare<[], { replica: ReplicaId }>('select replica from quarantine'),
})
