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

  return (table, document, rows, isNew, before) => {
    const writer = writersByTable.get(table.name)
    assert(writer !== undefined, `the store was opened with the table ${table.name}`)
    const [row] = rows
    const [old] = before ?? []
    // Of a row that is known only what changed is written: SQLite makes an index anew for every column
    // that a statement names, whether its value is another or not.
    if (table.isSingle && row && old) return writer.update(document, old, row)
    // A single row is put over the one before: half the work.
    if (!isNew && !(table.isSingle && rows.length === 1)) writer.remove.run(document)
    for (const one of rows) writer.put.run(document, ...valuesOf(table, one))
  }
}

const valuesOf = ({ columns }: Table, row: Row) => columns.map((column) => row[column] ?? null)

interface TableWriter {
  readonly remove: Database.Statement<[number]>
  readonly put: Database.Statement<[number, ...Cell[]]>
  /** Writes the columns in which a document's only row differs from what it was. */
  update(document: number, before: Row, row: Row): void
}

type Cell = string | number | null

const prepare = (database: Database.Database, table: Table): TableWriter => {
  const { name, columns, isSingle } = table
  const values = columns.map(() => ', ?').join('')
  const updates = columns.map((column) => `${column} = excluded.${column}`).join(', ')
  const upsert = isSingle ? ` on conflict (document) do update set ${updates}` : ''
  return {
    remove: database.prepare(`delete from ${name} where document = ?`),
    put: database.prepare(
      `insert into ${name} (document, ${columns.join(', ')}) values (?${values})${upsert}`,
    ),
    update: createUpdate(database, table),
  }
}

// A statement for each set of columns that has changed together: a few for each table, made when they do.
const createUpdate = (
  database: Database.Database,
  { name, columns }: Table,
): TableWriter['update'] => {
  const statements = new Map<string, Database.Statement<Cell[]>>()
  return (document, before, row) => {
    const changed = columns.filter((column) => (row[column] ?? null) !== (before[column] ?? null))
    if (changed.length === 0) return
    const set = changed.map((column) => `${column} = ?`).join(', ')
    const known = statements.get(set)
    const statement =
      known ?? database.prepare<Cell[]>(`update ${name} set ${set} where document = ?`)
    if (!known) statements.set(set, statement)
    statement.run(...changed.map((column) => row[column] ?? null), document)
  }
}
