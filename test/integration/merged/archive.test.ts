import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { vectorOf } from '../../../sync/change.ts'
import { createCore, type Core } from '../../../node/core/core.ts'
import { toHex } from '../../../node/core/digest.ts'
import { createSqliteStore, type SqliteStore } from '../../../node/core/sqlite-store.ts'
import { kindsByName } from '../../../node/core/understand.ts'
import { createArchive, type Archive } from '../../../node/merged/archive.ts'
import { createArchiver } from '../../../node/merged/archiver.ts'
import { derive } from '../../../node/merged/derive.ts'
import { readDigest } from '../../../node/merged/digest-sql.ts'
import { migrate } from '../../../node/merged/migrate.ts'
import { openNodeLog, type NodeLog } from '../../../node/merged/node-log.ts'
import type { Sink } from '../../../node/merged/sink.ts'
import { createVerifier } from '../../../node/merged/verify.ts'
import { openReplica, replicaKind } from '../../../node/replication/replica.ts'
import { nodeReplicaTable, replicationSql } from '../../../node/replication/tables.ts'
import { systemClock, systemTimers } from '../../../node/system.ts'
import { noteKind, noteSql, noteTables, rename, tag, untag } from '../../unit/node/core/note.ts'
import { random } from '../../unit/node/core/test-core.ts'
import { seedFor } from '../seed.ts'
import { databases, type TestDatabase } from './databases.ts'

const kinds = [noteKind, replicaKind]

interface Shop {
  readonly core: Core
  readonly store: SqliteStore
  readonly log: NodeLog
  close(): void
}

/** A node's core on a disk of its own, with nothing around it. */
const openShop = (name: string): Shop => {
  const directory = mkdtempSync(join(tmpdir(), 'atoll-merged-'))
  const file = join(directory, 'node.db')
  const store = createSqliteStore({
    file,
    readModelSql: `${noteSql}\n${replicationSql}`,
    readModelTables: [...noteTables, nodeReplicaTable],
  })
  const core = createCore({ store, kinds, clock: Date, random })
  core.execute([{ decide: openReplica, input: { node: name }, actor: `node/${name}` } as never])
  const log = openNodeLog(file)
  return {
    core,
    store,
    log,
    close: () => {
      log.close()
      store.close()
      rmSync(directory, { recursive: true })
    },
  }
}

/** Many edits of few notes, so that what is joined in another order would show. */
const work = ({ core }: Shop, rounds: number, next: () => number): void => {
  for (let round = 0; round < rounds; round++) {
    const id = `n${next() % 40}`
    const word = `w${next() % 5}`
    const edits = [rename(id, word), tag(id, word), untag(id, word)]
    core.execute([edits[next() % edits.length]!()])
  }
}

/** Whole numbers that follow from a seed (xorshift). */
const numbers = (seed: number) => {
  let state = seed | 1
  return (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

const hear = (from: Shop, to: Shop): void => {
  for (const [replica, counter] of from.log.vector()) {
    const known = to.log.vector().get(replica) ?? 0
    const most = { changesMax: counter, bytesMax: Number.POSITIVE_INFINITY }
    to.core.receive(from.log.read(replica, known, most).map(({ bytes }) => bytes))
  }
}

const archiverOf = (shop: Shop, archive: Archive, database: TestDatabase) => {
  const verifier = createVerifier({ sql: database.sql, archive, log: shop.log })
  return createArchiver({
    archive,
    log: shop.log,
    node: 'eu',
    standInMs: 0,
    prepare: async () => void (await migrate(database.sql)),
    verify: verifier.look,
    clock: systemClock,
    timers: systemTimers,
    told: () => undefined,
  })
}

describe.each(await databases('the archive'))('the archive on $name', ({ make }) => {
  let database: TestDatabase
  let shop: Shop
  const next = numbers(seedFor('the archive'))
  beforeAll(async () => {
    database = await make()
    await migrate(database.sql)
  }, 60_000)
  afterAll(() => database.remove())
  beforeEach(async () => {
    shop = openShop('eu')
    await database.sql.script(
      'truncate replicas, changes, folded_ranges, documents, unread_documents, sinks',
    )
  })
  afterEach(() => shop.close())

  const archiveOf = (sinks: readonly Sink[] = []) =>
    createArchive({ sql: database.sql, kinds: kindsByName(kinds), sinks })
  const own = () => toHex(shop.core.state().digest)
  const merged = async () => (await readDigest(database.sql)).digest
  const allOf = (replica: Parameters<NodeLog['read']>[0]) =>
    shop.log.read(replica, 0, { changesMax: 100_000, bytesMax: Number.POSITIVE_INFINITY })
  const archiveAll = async () => {
    const archiver = archiverOf(shop, archiveOf(), database)
    await archiver.catchUp()
    await archiver.close()
  }

  test('four that send the same in another order each, at once, leave what one would', async () => {
    const us = openShop('us')
    for (let turn = 0; turn < 3; turn++) {
      work(shop, 60, next)
      work(us, 60, next)
      hear(us, shop)
      hear(shop, us)
    }
    const send = async (archive: Archive): Promise<void> => {
      const waiting = new Map([...shop.log.vector().keys()].map((replica) => [replica, 0]))
      while (waiting.size > 0) {
        const replicas = [...waiting.keys()]
        const replica = replicas[next() % replicas.length]!
        const from = waiting.get(replica)!
        const to = from + 1 + (next() % 40)
        const batch = allOf(replica).slice(Math.max(0, from - (next() % 10)), to)
        await archive.append(batch)
        if (to >= allOf(replica).length) waiting.delete(replica)
        else waiting.set(replica, to)
      }
    }
    await Promise.all([1, 2, 3, 4].map(() => send(archiveOf())))
    expect(await merged()).toBe(own())
    expect(vectorOf(await archiveOf().heads())).toEqual(shop.log.vector())
    const [row] = await database.sql.query<{ count: number }>('select count(*) from changes')
    expect(row?.count).toBe([...shop.log.vector().values()].reduce((sum, one) => sum + one, 0))
    us.close()
  }, 60_000)

  test('gets what was folded as documents, and the rest as changes', async () => {
    work(shop, 80, next)
    const [[replica] = []] = shop.core.state().heads
    shop.core.fold({ upTo: new Map([[replica!, 50]]), changesMax: 1_000 })
    await archiveAll()
    expect(await merged()).toBe(own())
    expect(await database.sql.query('select first, last from folded_ranges')).toEqual([
      { first: 1, last: 50 },
    ])
  })

  test('is sent again what it lost when it came back as it was some time ago', async () => {
    work(shop, 50, next)
    await archiveAll()
    const tables = ['replicas', 'changes', 'documents']
    for (const table of tables) {
      await database.sql.script(`create table before_${table} as select * from ${table}`)
    }
    work(shop, 50, next)
    const archiver = archiverOf(shop, archiveOf(), database)
    await archiver.catchUp()
    for (const table of tables) {
      await database.sql.script(`truncate ${table};
        insert into ${table} select * from before_${table}; drop table before_${table}`)
    }
    expect(await merged()).not.toBe(own())
    work(shop, 1, next)
    await archiver.catchUp()
    expect(await merged()).toBe(own())
    await archiver.close()
  })

  test('finds rows that are gone or others, and puts them right', async () => {
    work(shop, 120, next)
    await archiveAll()
    await database.sql.script(`
      delete from changes where counter between 10 and 20;
      update changes set bytes = '\\x00' where counter = 30;
      delete from documents where id = (select min(id) from documents where kind = 'note');
      update documents set bytes = bytes || '\\x00'
        where id = (select max(id) from documents where kind = 'note')`)
    const verifier = createVerifier({ sql: database.sql, archive: archiveOf(), log: shop.log })
    const { changes } = await verifier.look()
    expect(changes).toBeGreaterThan(0)
    expect(await merged()).toBe(own())
    await verifier.look()
    expect(await verifier.look()).toEqual({ changes: 0, documents: 0 })
    const [row] = await database.sql.query<{ count: number }>('select count(*) from changes')
    expect(row?.count).toBe(121)
  })

  test('tells what is derived in the same transaction, and all of it anew for another version', async () => {
    await database.sql.script('create table if not exists titles (id text, title text)')
    const sinkOf = (version: string): Sink => ({
      name: 'titles',
      version,
      clear: (transaction) => transaction.script('delete from titles'),
      write: async (transaction, documents) => {
        for (const { kind, id, document } of documents) {
          const rows = kind.project(id, document)['notes'] ?? []
          await transaction.query('delete from titles where id = $1', [id])
          for (const { title } of rows) {
            await transaction.query('insert into titles values ($1, $2)', [id, title ?? null])
          }
        }
      },
    })
    work(shop, 40, next)
    const archive = archiveOf([sinkOf('1')])
    for (const replica of shop.log.vector().keys()) await archive.append(allOf(replica))
    const rows = () => database.sql.query('select id, title from titles order by id')
    const ours = shop.store.database.prepare('select id, title from notes order by id').all()
    expect(await rows()).toEqual(ours)
    await database.sql.script('delete from titles')
    const known = kindsByName(kinds)
    expect(await derive(database.sql, known, [sinkOf('2')])).toEqual(['titles'])
    expect(await rows()).toEqual(ours)
    expect(await derive(database.sql, known, [sinkOf('2')])).toEqual([])
    await database.sql.script('drop table titles')
  })

  test('takes nothing of a replica of which it has another history', async () => {
    work(shop, 10, next)
    await archiveAll()
    await database.sql.script(`update replicas set hash = sha256('another')`)
    work(shop, 5, next)
    const [[replica] = []] = shop.core.state().heads
    const { changes, forked } = await archiveOf().append(allOf(replica!))
    expect({ changes, forked }).toEqual({ changes: 0, forked: [replica] })
  })
})
