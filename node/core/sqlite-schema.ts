/** The tables that the core keeps in SQLite, and the settings under which it opens them. */

import type Database from 'better-sqlite3'
import { assert } from '../../crdt/assert.ts'
import { checkpointPages, pageCacheKiB } from './limits.ts'

/** Rises when the tables below change shape. */
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

/**
 * Applies the settings and asserts that they hold. The package's SQLite is compiled to fall back to
 * `synchronous=NORMAL` in WAL mode, which loses acknowledged commits in a power cut, so FULL is asked
 * for at every open and asserted after the first statement has run.
 */
export const configure = (database: Database.Database): void => {
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = OFF')
  database.pragma('temp_store = MEMORY')
  database.pragma(`cache_size = -${pageCacheKiB}`)
  database.pragma(`wal_autocheckpoint = ${checkpointPages}`)
}

export const assertDurable = (database: Database.Database): void => {
  const mode = database.pragma('journal_mode', { simple: true })
  const synchronous = database.pragma('synchronous', { simple: true })
  assert(mode === 'wal' || mode === 'memory', 'the log is written ahead')
  assert(synchronous === 2, 'every commit is synced to the disk')
}
