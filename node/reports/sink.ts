/** Fills the merged store's relations, and the sums that reports read, from the documents that changed. */

import { hash } from 'node:crypto'
import { bulk } from '../merged/bulk.ts'
import {
  valuesOf,
  type Relation,
  type RelationalKind,
  type RelationRow,
} from '../merged/relation.ts'
import type { MergedDocument, Sink } from '../merged/sink.ts'
import type { Queries } from '../merged/sql.ts'
import { addToSums, lockSums, sumTables } from './sums.ts'

/** Rises when rows are read off documents in another way, though the columns are the same. */
const readingVersion = 1

export const createReportSink = (kinds: readonly RelationalKind[]): Sink => {
  const kindsByName = new Map(kinds.map((kind) => [kind.schema.kind, kind]))
  const relations = kinds.flatMap((kind) => kind.relations)
  return {
    name: 'relations',
    version: `${readingVersion}-${hash('sha256', JSON.stringify(relations)).slice(0, 16)}`,
    clear: async (transaction) => {
      const tables = [...relations.map(({ name }) => name), ...sumTables]
      await transaction.script(`truncate ${tables.join(', ')}`)
    },
    write: async (transaction, documents) => {
      const known = documents.filter(({ kind }) => kindsByName.has(kind.schema.kind))
      let orders: readonly MergedDocument[] = []
      for (const [name, own] of Map.groupBy(known, ({ kind }) => kind.schema.kind)) {
        const kind = kindsByName.get(name)
        if (!kind) continue
        if (name === 'order') orders = own
        else await replaceRows(transaction, kind, own)
      }
      const kind = kindsByName.get('order')
      if (!kind || orders.length === 0) return
      // Last, because the lock of the sums must be the last that is taken.
      await lockSums(transaction)
      const before = orders.filter(({ isNew }) => !isNew).map(({ id }) => id)
      if (before.length > 0) await addToSums(transaction, before, -1)
      await replaceRows(transaction, kind, orders)
      await addToSums(
        transaction,
        orders.map(({ id }) => id),
        1,
      )
    },
  }
}

const replaceRows = async (
  transaction: Queries,
  kind: RelationalKind,
  documents: readonly MergedDocument[],
): Promise<void> => {
  const rowsByRelation = new Map<string, RelationRow[]>()
  for (const { id, document } of documents) {
    for (const [name, rows] of Object.entries(kind.rows(id, document))) {
      const all = rowsByRelation.get(name)
      if (all) all.push(...rows)
      else rowsByRelation.set(name, [...rows])
    }
  }
  const old = documents.filter(({ isNew }) => !isNew).map(({ id }) => id)
  for (const relation of kind.relations) {
    if (old.length > 0) {
      await transaction.query(
        `delete from ${relation.name} where ${relation.owner} = any($1::text[])`,
        [old],
      )
    }
    await insertRows(transaction, relation, rowsByRelation.get(relation.name) ?? [])
  }
}

const insertRows = async (
  transaction: Queries,
  relation: Relation,
  rows: readonly RelationRow[],
): Promise<void> => {
  if (rows.length === 0) return
  const { table, values } = bulk(
    'made',
    relation.columns,
    rows.map((row) => valuesOf(relation, row)),
  )
  const names = relation.columns.map(({ name }) => name).join(', ')
  // A document may say one thing twice; the first counts, as it does at the nodes.
  await transaction.query(
    `insert into ${relation.name} (${names}) select ${names} from ${table} on conflict do nothing`,
    values,
  )
}
