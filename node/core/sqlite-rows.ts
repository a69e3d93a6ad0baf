/** The rows of read models in SQLite, written by one pair of statements a table. */

import type Database from 'better-sqlite3'
import { assert } from '../../crdt/assert.ts'
import type { Row, Store, Table } from './store.ts'

/** See `Store.replaceRows`; the tables are those that the store was opened with. */
export const createRowWriter = (
  database: Database.Database,
  tables: readonly Table[],
): Store['replaceRows'] => {
  const writersByTable = new Map(tables.map((table) => [table.name, prepare(database, table)]))

  return (table, document, rows, isNew) => {
    const writer = writersByTable.get(table.name)
    assert(writer !== undefined, `the store was opened with the table ${table.name}`)
    // A single row is put over the one before: half the work, and indexes of what stays are left alone.
    if (!isNew && !(table.isSingle && rows.length === 1)) writer.remove.run(document)
    for (const row of rows) writer.put.run(document, ...valuesOf(table, row))
  }
}

const valuesOf = ({ columns }: Table, row: Row) => columns.map((column) => row[column] ?? null)

interface TableWriter {
  readonly remove: Database.Statement<[number]>
  readonly put: Database.Statement<[number, ...(string | number | null)[]]>
}

const prepare = (database: Database.Database, { name, columns, isSingle }: Table): TableWriter => {
  const values = columns.map(() => ', ?').join('')
  const updates = columns.map((column) => `${column} = excluded.${column}`).join(', ')
  const upsert = isSingle ? ` on conflict (document) do update set ${updates}` : ''
  return {
    remove: database.prepare(`delete from ${name} where document = ?`),
    put: database.prepare(
      `insert into ${name} (document, ${columns.join(', ')}) values (?${values})${upsert}`,
    ),
  }
}
