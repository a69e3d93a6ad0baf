import Database from 'better-sqlite3'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { refresh } from '../../../../node/core/rebuild.ts'
import { createSqliteStore, type SqliteStore } from '../../../../node/core/sqlite-store.ts'
import { documentKind } from '../../../../node/core/capability.ts'
import { note, noteKind, noteSql, noteTables, rename, tag, titleOf } from './note.ts'
import { createTestCore, readModels, rowsOf, temporaryDirectory } from './test-core.ts'

const open = (file: string, changes: Partial<typeof readModels> = {}): SqliteStore => {
  const store = createSqliteStore({ file, ...readModels, ...changes })
  onTestFinished(() => store.close())
  return store
}

const filledFile = (): string => {
  const file = join(temporaryDirectory(), 'atoll.db')
  const alice = createTestCore({ file })
  refresh(alice.store, [noteKind])
  alice.run(rename('n', 'milk')())
  alice.run(tag('n', 'a')())
  alice.store.close()
  return file
}

describe('every open', () => {
  test('syncs each commit, whatever was set before', () => {
    const file = filledFile()
    const other = new Database(file)
    other.pragma('synchronous = OFF')
    other.close()
    const { database } = open(file)
    database.exec('create temp table scratch (x); insert into scratch values (1)')
    expect(database.pragma('synchronous', { simple: true })).toBe(2)
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal')
  })

  test.each([
    ['is no database', (file: string) => writeFileSync(file, 'x'.repeat(5_000))],
    [
      'belongs to another program',
      (file: string) => {
        const other = new Database(file)
        other.exec('create table t (x)')
        other.close()
      },
    ],
    [
      'was made by a later release',
      (file: string) => {
        createSqliteStore({ file, ...readModels }).close()
        const later = new Database(file)
        later.pragma('user_version = 99')
        later.close()
      },
    ],
  ])('refuses a file that %s', (_name, make) => {
    const file = join(temporaryDirectory(), 'atoll.db')
    make(file)
    expect(() => open(file)).toThrow(expect.objectContaining({ code: 'storage_failed' }))
  })

  test('refuses tables that the SQL does not make', () => {
    const readModelTables = [...noteTables, { ...noteTables[0]!, name: 'forgotten' }]
    expect(() => open(':memory:', { readModelTables })).toThrow(
      expect.objectContaining({ code: 'storage_failed' }),
    )
  })
})

describe('read models', () => {
  const wider = {
    readModelSql: noteSql.replace('siblings integer', 'siblings integer, length integer'),
    readModelTables: [
      { ...noteTables[0]!, columns: [...noteTables[0]!.columns, 'length'] },
      noteTables[1]!,
    ],
  }
  const widerKind = documentKind({
    schema: note,
    tables: wider.readModelTables,
    project: (id, document) => {
      const rows = noteKind.project(id, document)
      const title = titleOf(document)
      return { ...rows, notes: rows['notes']!.map((row) => ({ ...row, length: title.length })) }
    },
  })

  test('are left alone while their SQL is the same', () => {
    const store = open(filledFile())
    expect(store.isReadModelNew).toBe(false)
    expect(refresh(store, [noteKind])).toBe('nothing')
    expect(rowsOf(store).notes).toHaveLength(1)
  })

  test('are made anew and filled when it changes', () => {
    const file = filledFile()
    const store = open(file, wider)
    expect(store.isReadModelNew).toBe(true)
    expect(rowsOf(store).notes).toEqual([])
    expect(refresh(store, [widerKind])).toBe('rows')
    expect(rowsOf(store)).toEqual({
      notes: [{ id: 'n', title: 'milk', units: 0, siblings: 1, length: 4 }],
      noteTags: [{ note: 'n', tag: 'a' }],
    })
    store.close()
    expect(open(file, wider).isReadModelNew).toBe(false)
  })

  test('are still to be filled if the process ended before they were', () => {
    const file = filledFile()
    open(file, wider).close()
    const store = open(file, wider)
    expect(store.isReadModelNew).toBe(true)
    expect(refresh(store, [widerKind])).toBe('rows')
    expect(rowsOf(store).notes).toHaveLength(1)
  })

  test('take with them all that their SQL made, and nothing of ours', () => {
    const file = filledFile()
    const readModelSql = `${noteSql}
      create virtual table words using fts5 (title, content = '');
      create index by_title on notes (title);
      create view titles as select title from notes;
      create trigger counted after insert on notes begin select 1; end;`
    open(file, { readModelSql }).close()
    const names = open(file)
      .database.prepare('select name from sqlite_schema where sql is not null order by name')
      .pluck()
      .all()
    expect(names).toEqual([
      'changes',
      'documents',
      'floors',
      'folded',
      'note_tags',
      'notes',
      'quarantine',
      'replicas',
      'requests',
      'state',
      'touches',
      'unread',
    ])
  })
})

test('a scan of documents or a history leaves the store free to write', () => {
  const alice = createTestCore()
  for (let index = 0; index < 600; index++) alice.run(tag(`n${index % 3}`, `${index}`)())
  let seen = 0
  for (const { id } of alice.store.scanDocuments()) {
    alice.run(tag(id, 'during')())
    seen++
  }
  expect(seen).toBe(3)
  const positions: number[] = []
  for (const { position } of alice.store.readHistory('note', 'n0')) {
    if (positions.length === 0) alice.run(tag('n1', 'during')())
    positions.push(position)
  }
  expect(positions).toHaveLength(201)
  expect([...positions].sort((a, b) => a - b)).toEqual(positions)
})

test('a replica that an undone transaction brought can come again', () => {
  const store = open(':memory:')
  const alice = createTestCore()
  alice.run(tag('n', 'a')())
  const [bytes] = alice.changes()
  const dot = { replica: alice.replica(), counter: 1 }
  const row = { dot, wallMs: 1, bytes: bytes!, hash: new Uint8Array(32) }
  const undo = () =>
    store.transact(() => {
      store.appendChange(row)
      throw new Error('undone')
    })
  expect(undo).toThrow('undone')
  expect(store.readChange(dot)).toBeUndefined()
  store.transact(() => store.appendChange(row))
  expect(store.readChange(dot)).toMatchObject({ position: 1 })
  expect(store.readChanges(0, 1).entries).toMatchObject([{ dot }])
})
