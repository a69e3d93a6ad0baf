/** The tables that the core keeps in SQLite, and the settings under which it opens them. */

import type Database from 'better-sqlite3'
import { assert } from '../../crdt/assert.ts'
import { Fault } from '../fault.ts'
import { checkpointPages, pageCacheKiB } from './limits.ts'

/** Marks a file as an Atoll database, in its header: "Atol". */
export const applicationId = 0x41746f6c

/** Rises when the tables below change shape; it stands in the header too. */
export const formatVersion = 2

/** The oldest format that is brought up to date when it is opened. */
const formatVersionMin = 1

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

-- Where each replica's changes in the log begin: up to here they were folded.
create table if not exists floors (
  replica integer primary key references replicas (number),
  counter integer not null,
  hash    blob    not null,
  constraint hash_is_sha256 check (length(hash) = 32)
) strict;

-- The base: what was folded of each document, under the number that the document has below. With the
-- log it is what all else is derived from.
create table if not exists folded (
  document integer primary key,
  kind     text not null,
  id       text not null,
  bytes    blob not null,
  hash     blob not null
) strict;

-- Of the base, what only a later release can read.
create table if not exists unread (
  kind  text not null,
  id    text not null,
  hash  blob not null,
  bytes blob not null,
  primary key (kind, id, hash)
) strict;

-- Replicas under whose name two histories were found, and the change that is not the one we have.
create table if not exists quarantine (
  replica text    not null primary key,
  counter integer not null,
  bytes   blob    not null
) strict;

-- Derived from the base and the log: thrown away and made again by "atoll rebuild".
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

-- Two regions may each answer one request while they are cut off.
create table if not exists requests (
  request  text    not null,
  position integer not null,
  primary key (request, position)
) strict, without rowid;

create table if not exists state (
  name  text not null primary key,
  value blob not null
) strict, without rowid;
`

/**
 * Makes the tables in an empty database, and brings those of an earlier format up to date; refuses a
 * database that another program or a later release made.
 */
export const prepareTables = (database: Database.Database): void => {
  const isEmpty = database.prepare('select 1 from sqlite_schema limit 1').get() === undefined
  if (isEmpty) database.pragma(`application_id = ${applicationId}`)
  else checkFormat(database, 'any')
  const prepare = database.transaction(() => {
    // What is derived had another shape then: noting no kinds has it made anew at the start.
    if (versionOf(database) === 1) {
      database.exec(`drop table requests; delete from state where name = 'kinds'`)
    }
    database.exec(tables)
    database.pragma(`user_version = ${formatVersion}`)
  })
  if (versionOf(database) !== formatVersion) prepare.immediate()
}

/**
 * Throws a `Fault` unless the header says that the file is an Atoll database, of this format or, if
 * asked, of any that this release brings up to date.
 */
export const checkFormat = (
  database: Database.Database,
  accepted: 'current' | 'any' = 'current',
): void => {
  const fault = (what: string) => new Fault('storage_failed', `${database.name} ${what}`)
  if (database.pragma('application_id', { simple: true }) !== applicationId) {
    throw fault('is not an Atoll database')
  }
  const version = versionOf(database)
  if (version === formatVersion) return
  if (!isOutdated(database) || accepted === 'current') {
    throw fault(`has format ${version}, and this release reads format ${formatVersion}`)
  }
}

/** Whether it is of an earlier format, which is brought up to date when a node opens it. */
export const isOutdated = (database: Database.Database): boolean => {
  const version = versionOf(database)
  return version >= formatVersionMin && version < formatVersion
}

const versionOf = (database: Database.Database): number =>
  Number(database.pragma('user_version', { simple: true }))

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
