/**
 * Brings the merged store's tables up to date: runs the numbered files of `migrations/` that it has not
 * seen, all in one transaction, under a lock, so that of several nodes one does it and the others wait.
 *
 * It only goes forward. Before it touches anything it looks whether a later release was here; when all
 * is done it notes what each table looks like, and the next start finds what was changed by hand.
 */

import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import type { Client } from 'pg'
import { Fault } from '../fault.ts'
import { bulk } from './bulk.ts'
import { sqlFault, type Queries, type Sql, type SqlValue } from './sql.ts'

export const migrationsDirectory = fileURLToPath(new URL('../../migrations', import.meta.url))

/** Where it is noted which migrations were done. */
const migrationsTable = 'schema_migrations'

/** "Atol": the lock that whoever migrates holds. */
const migrationLock = 0x41746f6c

/** Does what is left to do and answers the names of the migrations that were done. */
export const migrate = (
  sql: Sql,
  directory: string = migrationsDirectory,
): Promise<readonly string[]> =>
  sql.session(async (session) => {
    await session.query(`select pg_advisory_lock(${migrationLock})`)
    try {
      await refuseNewer(session, directory)
      await refuseChanged(session)
      const others = await strangeTables(session)
      const done = await run(session, directory)
      if (done.length > 0) await noteShapes(session, others)
      return done
    } finally {
      await session.query(`select pg_advisory_unlock(${migrationLock})`).catch(() => undefined)
    }
  })

const run = async (session: Queries, dir: string): Promise<readonly string[]> => {
  try {
    const done = await runner({
      dbClient: asClient(session),
      dir,
      direction: 'up',
      migrationsTable,
      singleTransaction: true,
      // Ours also covers the looks before and after.
      noLock: true,
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    })
    return done.map(({ name }) => name)
  } catch (error) {
    throw error instanceof Fault ? error : sqlFault(error)
  }
}

const quiet = (): void => undefined

/** The one method that the runner calls of a client that somebody else has connected. */
const asClient = (session: Queries): Client => {
  const query = async (
    text: string | { text: string; values?: SqlValue[] },
    values?: SqlValue[],
  ) => {
    const statement = typeof text === 'string' ? text : text.text
    const given = values ?? (typeof text === 'string' ? undefined : text.values)
    if (/^\s*select\b/i.test(statement) || given !== undefined) {
      return { rows: await session.query(statement, given ?? []) }
    }
    await session.script(statement)
    return { rows: [] }
  }
  return { query } satisfies { query: unknown } as never
}

const isThere = async (session: Queries, table: string): Promise<boolean> => {
  const [found] = await session.query<{ there: boolean }>(
    `select to_regclass('${table}') is not null as there`,
  )
  return found?.there === true
}

const refuseNewer = async (session: Queries, directory: string): Promise<void> => {
  if (!(await isThere(session, migrationsTable))) return
  const ours = new Set(migrationNames(directory))
  const done = await session.query<{ name: string }>(`select name from ${migrationsTable}`)
  const unknown = done.map(({ name }) => name).filter((name) => !ours.has(name))
  if (unknown.length > 0) {
    throw new Fault(
      'merged_store_newer',
      `The merged store has been through ${unknown.join(', ')}, which this release does not know`,
    )
  }
}

/** The migrations that this release has, in their order. */
export const migrationNames = (directory: string = migrationsDirectory): readonly string[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort()

const refuseChanged = async (session: Queries): Promise<void> => {
  if (!(await isThere(session, 'table_shapes'))) return
  const noted = await readNoted(session)
  const now = new Map((await readShapes(session)).map(({ name, shape }) => [name, shape]))
  for (const { name, shape } of noted) {
    const found = now.get(name)
    if (found === shape) continue
    throw new Fault(
      'merged_store_changed',
      found === undefined
        ? `The table ${name} of the merged store is gone`
        : `The table ${name} of the merged store was changed by hand: it was "${shape}" and is "${found}"`,
    )
  }
}

const readNoted = (session: Queries): Promise<readonly Shape[]> =>
  session.query<Shape>('select name, shape from table_shapes order by name')

/** The tables that are there and no migration has made: the operator's own. */
const strangeTables = async (session: Queries): Promise<ReadonlySet<string>> => {
  const ours = (await isThere(session, 'table_shapes')) ? await readNoted(session) : []
  const names = new Set((await readShapes(session)).map(({ name }) => name))
  for (const { name } of ours) names.delete(name)
  return names.add(migrationsTable)
}

interface Shape {
  readonly name: string
  readonly shape: string
}

// What is added by hand beside them, indexes and views and tables, is the operator's own.
const readShapes = (session: Queries): Promise<readonly Shape[]> =>
  session.query<Shape>(`
    select columns.name, columns.shape || coalesce('; ' || constraints.shape, '') as shape
    from (
      select relname::text as name,
        string_agg(attname || ' ' || format_type(atttypid, atttypmod)
          || case when attnotnull then ' not null' else '' end, ', ' order by attnum) as shape
      from pg_class
      join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
      where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')
      group by relname
    ) as columns
    left join (
      select relname::text as name, string_agg(conname, ', ' order by conname) as shape
      from pg_constraint join pg_class on conrelid = pg_class.oid
      where relnamespace = current_schema()::regnamespace and contype in ('p', 'u', 'c', 'f')
      group by relname
    ) as constraints using (name)
    order by columns.name`)

const noteShapes = async (session: Queries, others: ReadonlySet<string>): Promise<void> => {
  const shapes = (await readShapes(session)).filter(({ name }) => !others.has(name))
  const { table, values } = bulk(
    'shapes',
    [
      { name: 'name', type: 'text' },
      { name: 'shape', type: 'text' },
    ],
    shapes.map(({ name, shape }) => [name, shape]),
  )
  await session.query(
    `insert into table_shapes (name, shape) select name, shape from ${table}
     on conflict (name) do update set shape = excluded.shape`,
    values,
  )
}
