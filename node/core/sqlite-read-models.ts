/**
 * The tables of the read models, which come and go with their SQL: when it changes, those that the
 * last SQL made are dropped, made anew, and filled from the documents.
 */

import type Database from 'better-sqlite3'
import { createHash } from 'node:crypto'

export interface ReadModels {
  /** Whether the rows of all documents have been written since the tables were made. */
  areFilled(): boolean
  noteFilled(): void
}

/** Makes the tables of `sql` unless they are there. Nothing is half made if it fails. */
export const prepareReadModels = (database: Database.Database, sql: string): ReadModels => {
  const shape = shapeOf(sql)
  const put = database.prepare<[string, Buffer]>(
    'insert or replace into state (name, value) values (?, ?)',
  )
  const note = (name: string, text: string) => put.run(name, Buffer.from(text))
  const prepare = database.transaction(() => {
    const made = readNote(database, 'read_models')
    if (made && (JSON.parse(made) as Made).shape === shape) return
    for (const object of made ? (JSON.parse(made) as Made).objects : []) drop(database, object)
    const before = new Set(objectsOf(database).map(({ name }) => name))
    database.exec(sql)
    const objects = objectsOf(database).filter(({ name }) => !before.has(name))
    note('read_models', JSON.stringify({ shape, objects } satisfies Made))
    // Where there are no documents there is nothing to fill.
    const isAnyDocument = database.prepare('select 1 from documents limit 1').get() !== undefined
    note('rows', isAnyDocument ? '' : shape)
  })
  prepare.immediate()
  return {
    areFilled: () => readNote(database, 'rows') === shape,
    noteFilled: () => {
      note('rows', shape)
    },
  }
}

/** Whether the rows in `database` are those of read models made by `sql`, all of them. */
export const areRowsOf = (database: Database.Database, sql: string): boolean =>
  readNote(database, 'rows') === shapeOf(sql)

/** What the store's `state` table notes under a name. */
export const readNote = (
  database: Database.Database,
  name: string,
  form: 'utf8' | 'hex' = 'utf8',
): string | undefined =>
  database
    .prepare<[string], Buffer>('select value from state where name = ?')
    .pluck()
    .get(name)
    ?.toString(form)

interface Made {
  readonly shape: string
  readonly objects: readonly SchemaObject[]
}

interface SchemaObject {
  readonly type: 'table' | 'index' | 'view' | 'trigger'
  readonly name: string
}

const shapeOf = (sql: string): string => createHash('sha256').update(sql).digest('hex')

// Tables that a virtual table keeps for itself, and indexes that a constraint made, go with theirs.
const objectsOf = (database: Database.Database): readonly SchemaObject[] =>
  database
    .prepare<[], SchemaObject>(
      `select type, name from sqlite_schema where sql is not null
       and name not in (select name from pragma_table_list where type = 'shadow')
       order by type = 'table', name`,
    )
    .all()

const drop = (database: Database.Database, { type, name }: SchemaObject): void => {
  database.exec(`drop ${type} if exists "${name}"`)
}
