/** A database of the first format, as its releases wrote it, is brought up to date when it is opened. */

import Database from 'better-sqlite3'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { backup, restore } from '../../../../node/core/backup.ts'
import { databaseFileOf } from '../../../../node/core/data-directory.ts'
import { lineOf } from '../../../../node/core/findings.ts'
import { refresh } from '../../../../node/core/rebuild.ts'
import { applicationId, formatVersion } from '../../../../node/core/sqlite-schema.ts'
import { createSqliteStore } from '../../../../node/core/sqlite-store.ts'
import { verify } from '../../../../node/core/verify.ts'
import { noteKind, noteSql, noteTables, rename, stock, tag } from './note.ts'
import { createTestCore, readModels, rowsOf, send, temporaryDirectory } from './test-core.ts'

const tablesOfFormat1 = `
create table if not exists replicas (
  number  integer primary key,
  replica text    not null unique,
  counter integer not null,
  hash    blob    not null,
  constraint hash_is_sha256 check (length(hash) = 32)
) strict;

create table if not exists changes (
  position integer primary key,
  replica  integer not null references replicas (number),
  counter  integer not null,
  wall_ms  integer not null,
  bytes    blob    not null,
  hash     blob    not null,
  constraint a_dot_names_one_change unique (replica, counter)
) strict;

-- Replicas under whose name two histories were found, and the change that is not the one we have.
create table if not exists quarantine (
  replica text    not null primary key,
  counter integer not null,
  bytes   blob    not null
) strict;

-- Derived from the log: thrown away and made again by "atoll rebuild".
create table if not exists documents (
  number integer primary key,
  kind   text not null,
  id     text not null,
  bytes  blob not null,
  hash   blob not null,
  constraint a_document_is_stored_once unique (kind, id)
) strict;

create table if not exists touches (
  document integer not null,
  position integer not null,
  primary key (document, position)
) strict, without rowid;

create table if not exists requests (
  request  text    not null primary key,
  position integer not null
) strict, without rowid;

create table if not exists state (
  name  text not null primary key,
  value blob not null
) strict, without rowid;
`

/** A directory of the first format, with what two cores have written, one request answered by both. */
const written = () => {
  const directory = temporaryDirectory()
  const now = join(temporaryDirectory(), 'now.db')
  const alice = createTestCore({ file: now })
  const bob = createTestCore()
  refresh(alice.store, [noteKind])
  for (let index = 0; index < 10; index++) {
    alice.run(rename(`n${index % 3}`, `title ${index}`)({ id: `r${index}`, fingerprint: '' }))
    alice.run(tag(`n${index % 3}`, `${index}`)())
  }
  for (const core of [alice, bob]) core.run(stock('n0', 5)({ id: 'both', fingerprint: '' }))
  send(bob, alice)
  const expected = { digest: alice.digest(), rows: alice.rows(), state: alice.state() }
  alice.store.close()

  const old = new Database(databaseFileOf(directory))
  old.pragma(`application_id = ${applicationId}`)
  old.pragma('user_version = 1')
  old.exec(tablesOfFormat1)
  old.prepare('attach ? as now').run(now)
  for (const table of ['replicas', 'changes', 'documents', 'touches', 'state']) {
    old.exec(`insert into ${table} select * from now.${table}`)
  }
  old.exec(`insert into requests select request, min(position) from now.requests group by request;
            delete from state where name = 'read_models'`)
  old.close()
  return { directory, expected }
}

const verifyNotes = (directory: string) =>
  verify(directory, [noteKind], { sql: noteSql, tables: noteTables })

const versionOf = (file: string): unknown => {
  const database = new Database(file, { readonly: true })
  const version = database.pragma('user_version', { simple: true })
  database.close()
  return version
}

const open = (directory: string) => {
  const store = createSqliteStore({ file: databaseFileOf(directory), ...readModels })
  onTestFinished(() => store.close())
  return store
}

describe('a database of the first format', () => {
  test('is brought up to date when it is opened, with all that it had', () => {
    const { directory, expected } = written()
    const store = open(directory)
    expect(refresh(store, [noteKind])).toBe('everything')
    expect(store.readState()).toEqual(expected.state)
    expect(rowsOf(store)).toEqual(expected.rows)
    expect(store.readRequest('both')?.position).toBe(21)
    store.close()
    expect(versionOf(databaseFileOf(directory))).toBe(formatVersion)
    expect(verifyNotes(directory)).toMatchObject({
      findings: [],
      changes: 22,
      digest: expected.digest,
    })
  })

  test('is told from a damaged one, with what to do, and verify leaves it as it was', () => {
    const { directory } = written()
    expect(verifyNotes(directory).findings.map(lineOf)).toEqual([
      'database: it has the format of an earlier release. Start a node on it or run ' +
        '"atoll rebuild", which bring it up to date, and verify it again.',
    ])
    expect(versionOf(databaseFileOf(directory))).toBe(1)
  })

  test('goes on where it was after a start that was cut short', () => {
    const { directory, expected } = written()
    open(directory).close()
    const store = open(directory)
    expect(refresh(store, [noteKind])).toBe('everything')
    expect(store.readState()).toEqual(expected.state)
  })

  test('can be backed up and restored as it is', async () => {
    const { directory, expected } = written()
    const file = join(temporaryDirectory(), 'backup')
    await backup(directory, file)
    const restored = join(temporaryDirectory(), 'restored')
    expect(restore(file, restored).changes).toBe(22)
    const store = open(restored)
    refresh(store, [noteKind])
    expect(store.readState()).toEqual(expected.state)
  })

  test('folds like any other from then on', () => {
    const { directory, expected } = written()
    const store = open(directory)
    refresh(store, [noteKind])
    store.close()
    const core = createTestCore({ file: databaseFileOf(directory) })
    const upTo = new Map([...core.state().heads].map(([id, { counter }]) => [id, counter]))
    expect(core.fold({ upTo, changesMax: 100 })).toMatchObject({ changes: 22, isMore: false })
    expect(core.digest()).toBe(expected.digest)
    core.store.close()
    expect(verifyNotes(directory)).toMatchObject({ findings: [], changes: 0, folded: 3 })
  })
})
