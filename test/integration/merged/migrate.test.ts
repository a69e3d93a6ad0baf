import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bulk } from '../../../node/merged/bulk.ts'
import { migrate, migrationNames, migrationsDirectory } from '../../../node/merged/migrate.ts'
import { createPostgres } from '../../../node/merged/postgres.ts'
import { databases, type TestDatabase } from './databases.ts'

describe.each(await databases('the merged store'))('a merged store on $name', ({ make }) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await make()
  }, 60_000)
  afterAll(() => database.remove())

  test('is made by the first who comes, once, however many come', async () => {
    const { sql } = database
    const done = await Promise.all([migrate(sql), migrate(sql), migrate(sql)])
    expect(done.flat()).toEqual(migrationNames())
    expect(await migrate(sql)).toEqual([])
  })

  test('gives every table and every constraint of ours a name and a meaning', async () => {
    const without = await database.sql.query(
      `select relname from pg_class where relnamespace = current_schema()::regnamespace
         and relkind = 'r' and relname <> 'schema_migrations'
         and obj_description(oid, 'pg_class') is null`,
    )
    expect(without).toEqual([])
  })

  test('goes on with the migrations that a later release brings, and refuses the earlier one then', async () => {
    const { sql } = database
    const later = mkdtempSync(join(tmpdir(), 'atoll-migrations-'))
    cpSync(migrationsDirectory, later, { recursive: true })
    writeFileSync(
      join(later, '9999-later.sql'),
      `create table later (name text not null); comment on table later is 'From a later release.';`,
    )
    expect(await migrate(sql, later)).toEqual(['9999-later'])
    await expect(migrate(sql)).rejects.toMatchObject({
      code: 'merged_store_newer',
      message: expect.stringContaining('9999-later'),
    })
    await sql.script(`drop table later; delete from table_shapes where name = 'later';
      delete from schema_migrations where name = '9999-later'`)
    rmSync(later, { recursive: true })
    expect(await migrate(sql)).toEqual([])
  })

  test('does not keep half of a migration that fails', async () => {
    const { sql } = database
    const broken = mkdtempSync(join(tmpdir(), 'atoll-migrations-'))
    cpSync(migrationsDirectory, broken, { recursive: true })
    writeFileSync(join(broken, '9999-broken.sql'), 'create table half (a text); select no_such();')
    await expect(migrate(sql, broken)).rejects.toMatchObject({ code: 'merged_store_failed' })
    rmSync(broken, { recursive: true })
    expect(await sql.query(`select to_regclass('half') as half`)).toEqual([{ half: null }])
    expect(await migrate(sql)).toEqual([])
  })

  test('says which table was changed by hand', async () => {
    const { sql } = database
    await sql.script('alter table documents add column note text')
    await expect(migrate(sql)).rejects.toMatchObject({
      code: 'merged_store_changed',
      message: expect.stringContaining('documents'),
    })
    await sql.script('alter table documents drop column note')
    expect(await migrate(sql)).toEqual([])
    await sql.script('create table of_mine (a text); create index on changes (type)')
    expect(await migrate(sql)).toEqual([])
  })

  test('takes many rows at once, as they are', async () => {
    const { sql } = database
    const rows = [
      [
        'a "quoted" text, with \\ and {braces}',
        9_007_199_254_740_991,
        new Uint8Array([0, 255]),
        true,
      ],
      [null, -1, null, false],
      ['NULL', 0, new Uint8Array(), null],
    ]
    const { table, values } = bulk(
      'rows',
      [
        { name: 'words', type: 'text' },
        { name: 'number', type: 'bigint' },
        { name: 'bytes', type: 'bytea' },
        { name: 'yes', type: 'boolean' },
      ],
      rows,
    )
    const found = await sql.query<{ bytes: Uint8Array | null }>(`select * from ${table}`, values)
    expect(found.map((row) => ({ ...row, bytes: row.bytes && new Uint8Array(row.bytes) }))).toEqual(
      rows.map(([words, number, bytes, yes], at) => ({ words, number, bytes, yes, place: at + 1 })),
    )
  })

  test('keeps nothing of a transaction that fails, and goes on', async () => {
    const { sql } = database
    const failing = sql.transaction(async (transaction) => {
      await transaction.query(`insert into sinks (name, version) values ('a', '1')`)
      await transaction.query('select 1 / 0')
    })
    await expect(failing).rejects.toMatchObject({ code: 'merged_store_failed' })
    expect(await sql.query('select * from sinks')).toEqual([])
  })
})

test('an address where nobody listens is out of reach, and says so at once', async () => {
  const sql = createPostgres('postgres://nobody@127.0.0.1:1/nothing')
  await expect(migrate(sql)).rejects.toMatchObject({ code: 'merged_store_unreachable' })
  await sql.close()
})
