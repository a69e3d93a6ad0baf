/** Identity's read model: an account's sessions, and the keys that tokens are checked with. */

import type { Table } from '../core/store.ts'

/** Sessions that were not ended; those that are too old are among them. */
export const sessionTable: Table = {
  name: 'sessions',
  columns: ['id', 'account', 'device', 'created_ms', 'last_used_ms'],
  isSingle: true,
}

export const signingKeyTable: Table = {
  name: 'signing_keys',
  columns: ['kid', 'node', 'x'],
  isSingle: true,
}

export const identityTables = [sessionTable, signingKeyTable]

export const identitySql = `
create table if not exists sessions (
  document     integer primary key,
  id           text    not null,
  account      text    not null,
  device       text    not null,
  created_ms   integer not null,
  last_used_ms integer not null
) strict;
create index if not exists sessions_by_account on sessions (account, created_ms, id);

create table if not exists signing_keys (
  document integer primary key,
  kid      text not null unique,
  node     text not null,
  x        text not null
) strict;
`
