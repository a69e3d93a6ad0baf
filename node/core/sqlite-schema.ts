/** The tables that the core keeps in SQLite, and the settings under which it opens them. */

import type Database from 'better-sqlite3'
import { assert } from '../../crdt/assert.ts'
import { Fault } from '../fault.ts'
import { checkpointPages, pageCacheKiB } from './limits.ts'

/** Marks a file as an Atoll database, in its header: "Atol". */
export const applicationId = 0x41746f6c

/** Rises when the tables below change shape; it stands in the header too. */
export const formatVersion = 1

export const tables = `
-- The log: all changes this node has, in the order in which it applied them.
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

export const derivedTables = ['documents', 'touches', 'requests'] as const

/** Makes the tables in an empty database; refuses one that another program or a later release made. */
export const prepareTables = (database: Database.Database): void => {
  const isEmpty = database.prepare('select 1 from sqlite_schema limit 1').get() === undefined
  if (isEmpty) {
    database.pragma(`application_id = ${applicationId}`)
    database.pragma(`user_version = ${formatVersion}`)
  }
  checkFormat(database)
  database.exec(tables)
}

/** Throws a `Fault` unless the header says that the file is an Atoll database of this format. */
export const checkFormat = (database: Database.Database): void => {
  const id = database.pragma('application_id', { simple: true })
  const version = database.pragma('user_version', { simple: true })
  if (id !== applicationId) {
    throw new Fault('storage_failed', `${database.name} is not an Atoll database`)
  }
  if (version !== formatVersion) {
    throw new Fault(
      'storage_failed',
      `${database.name} has format ${String(version)}, and this release reads format ${formatVersion}`,
    )
  }
}

/**
 * Applies the settings. The package's SQLite is compiled to fall back to `synchronous=NORMAL` in WAL
 * mode, which loses acknowledged commits in a power cut, so FULL is asked for at every open, and
 * asserted after the first statements have run.
 */
export const configure = (database: Database.Database): void => {
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = OFF')
  database.pragma('temp_store = MEMORY')
  database.pragma(`cache_size = -${pageCacheKiB}`)
  database.pragma(`wal_autocheckpoint = ${checkpointPages}`)
}

/** Whether every commit is synced to the disk before it returns. */
export const isDurable = (database: Database.Database): boolean => {
  const mode = database.pragma('journal_mode', { simple: true })
  const synchronous = database.pragma('synchronous', { simple: true })
  return (mode === 'wal' || mode === 'memory') && synchronous === 2
}

export const assertDurable = (database: Database.Database): void =>
  assert(isDurable(database), 'every commit is synced to the disk')
