/** Which nodes there are: those that have told their names, and those of which something was said. */

import type Database from 'better-sqlite3'
import type { ReplicaId } from '../../crdt/dot.ts'
import { replicasShownMax } from './limits.ts'
import type { Standing } from './membership.ts'

export interface NodeQueries {
  /** By name. */
  list(): readonly NodeRow[]
  /** The node's latest replicas, the latest first. */
  replicasOf(name: string): readonly ReplicaRow[]
  /** All replicas that have told this name, in no order. */
  everyReplicaOf(name: string): readonly ReplicaId[]
  isKnown(name: string): boolean
}

export interface NodeRow {
  readonly name: string
  readonly standing: Standing
  /** Why, in the words of the admin who said so; empty if nobody did. */
  readonly reason: string
  readonly replicaCount: number
}

export interface ReplicaRow {
  readonly replica: string
  readonly openedMs: number
}

export const createNodeQueries = (database: Database.Database): NodeQueries => {
  const list = database.prepare<[], NodeRow>(
    `select name, coalesce(standing, 'active') as standing, coalesce(reason, '') as reason,
       (select count(*) from node_replicas where node = name) as replicaCount
     from (select name from nodes union select node from node_replicas)
     left join nodes using (name) order by name`,
  )
  const replicas = database.prepare<[string], ReplicaRow>(
    `select replica, opened_ms as openedMs from node_replicas where node = ?
     order by opened_ms desc, replica limit ${replicasShownMax}`,
  )
  const everyReplica = database
    .prepare<[string], ReplicaId>('select replica from node_replicas where node = ?')
    .pluck()
  const known = database.prepare<[string, string]>(
    'select 1 where exists (select 1 from node_replicas where node = ?) or exists (select 1 from nodes where name = ?)',
  )
  return {
    list: () => list.all(),
    replicasOf: (name) => replicas.all(name),
    everyReplicaOf: (name) => everyReplica.all(name),
    isKnown: (name) => known.get(name, name) !== undefined,
  }
}
