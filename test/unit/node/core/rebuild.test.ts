import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { rebuild, refresh } from '../../../../node/core/rebuild.ts'
import { createSqliteStore, type SqliteStore } from '../../../../node/core/sqlite-store.ts'
import { noteKind, rename, tag } from './note.ts'
import { createTestCore, readModels, rowsOf, temporaryDirectory } from './test-core.ts'

const open = (file: string): SqliteStore => {
  const store = createSqliteStore({ file, ...readModels })
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

describe('a release that knows other kinds', () => {
  test('derives everything anew, once', () => {
    const file = filledFile()
    const before = open(file)
    const digest = before.readState().digest
    before.close()
    const store = open(file)
    expect(refresh(store, [])).toBe('everything')
    expect(store.countDocuments()).toBe(0)
    expect(refresh(store, [])).toBe('nothing')
    expect(refresh(store, [noteKind])).toBe('everything')
    expect(store.readState().digest).toEqual(digest)
    expect(rowsOf(store).notes).toHaveLength(1)
  })

  test('makes complete what arrived before it knew it', () => {
    const alice = createTestCore()
    alice.run(tag('n', 'a')())
    const early = createTestCore({ kinds: [] })
    early.receive(alice.changes())
    expect(early.digest()).not.toBe(alice.digest())
    expect(refresh(early.store, [noteKind])).toBe('everything')
    expect(early.store.readState().digest).toEqual(alice.state().digest)
  })
})

test('a rebuild that is cut short leaves everything as it was', () => {
  const file = filledFile()
  const store = open(file)
  const before = { rows: rowsOf(store), state: store.readState() }
  const cut = () => {
    throw new Error('cut')
  }
  expect(() => rebuild(store, [noteKind], cut)).toThrow('cut')
  expect({ rows: rowsOf(store), state: store.readState() }).toEqual(before)
})
