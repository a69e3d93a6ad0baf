/** The rows of nodes and replicas in SQLite, by which the others of a cluster are found. */

import type { Table } from '../core/store.ts'

/** Each replica with the node that it was, as far as it has told. */
export const nodeReplicaTable: Table = {
  name: 'node_replicas',
  columns: ['replica', 'node', 'opened_ms'],
  isSingle: true,
}

/** Nodes of which somebody has said whether they belong here. */
export const nodeTable: Table = {
  name: 'nodes',
  columns: ['name', 'standing', 'reason'],
  isSingle: true,
}

export const replicationSql = `
create table if not exists node_replicas (
  document  integer primary key,
  replica   text    not null,
  node      text    not null,
  opened_ms integer not null
) strict;
create index if not exists node_replicas_by_node on node_replicas (node, opened_ms);

create table if not exists nodes (
  document integer primary key,
  name     text not null unique,
  standing text not null,
  reason   text not null
) strict;
`
