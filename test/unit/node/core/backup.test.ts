import Database from 'better-sqlite3'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { backup, restore } from '../../../../node/core/backup.ts'
import { databaseFileOf } from '../../../../node/core/data-directory.ts'
import { refresh } from '../../../../node/core/rebuild.ts'
import { verify } from '../../../../node/core/verify.ts'
import { noteKind, noteSql, noteTables, tag } from './note.ts'
import { createTestCore, temporaryDirectory } from './test-core.ts'

const running = () => {
  const directory = temporaryDirectory()
  const alice = createTestCore({ file: databaseFileOf(directory) })
  refresh(alice.store, [noteKind])
  for (let index = 0; index < 300; index++) alice.run(tag(`n${index}`, 'x'.repeat(2_000))())
  return { directory, alice }
}

const verifyNotes = (directory: string) =>
  verify(directory, [noteKind], { sql: noteSql, tables: noteTables })

test('a backup of a running node is what the node had, and a restored one goes on from it', async () => {
  const { directory, alice } = running()
  const file = join(temporaryDirectory(), 'atoll.backup')
  const shares: number[] = []
  const report = await backup(directory, file, (share) => shares.push(share))
  expect(report).toMatchObject({ changes: 300 })
  expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true)

  const restored = join(temporaryDirectory(), 'restored')
  expect(restore(file, restored)).toEqual(report)
  expect(verifyNotes(restored)).toMatchObject({ findings: [], digest: alice.digest() })
  const bob = createTestCore({ file: databaseFileOf(restored) })
  expect(bob.replica()).not.toBe(alice.replica())
  expect(bob.rows()).toEqual(alice.rows())
  bob.run(tag('n', 'afterwards')())
})

test('a node that never stops writing does not keep a backup from ending', async () => {
  const { directory, alice } = running()
  const file = join(temporaryDirectory(), 'atoll.backup')
  let writing = true
  const write = () => {
    if (!writing) return
    alice.run(tag('n0', 'during')())
    setImmediate(write)
  }
  write()
  const before = alice.changes().length
  const { changes } = await backup(directory, file)
  writing = false
  expect(changes).toBeGreaterThanOrEqual(before)
  expect(alice.changes().length).toBeGreaterThan(changes)
})

describe('a backup', () => {
  test('is one file, and leaves nothing else behind', async () => {
    const { directory } = running()
    const target = temporaryDirectory()
    await backup(directory, join(target, 'atoll.backup'))
    expect(readdirSync(target)).toEqual(['atoll.backup'])
  })

  test('does not write over another', async () => {
    const { directory } = running()
    const file = join(temporaryDirectory(), 'atoll.backup')
    writeFileSync(file, 'precious')
    await expect(backup(directory, file)).rejects.toMatchObject({ code: 'storage_failed' })
    expect(readFileSync(file, 'utf8')).toBe('precious')
  })

  test('of a directory without a database is refused and leaves nothing', async () => {
    const target = temporaryDirectory()
    const file = join(target, 'atoll.backup')
    await expect(backup(temporaryDirectory(), file)).rejects.toMatchObject({
      code: 'storage_failed',
    })
    expect(readdirSync(target)).toEqual([])
  })
})

describe('restoring', () => {
  test('refuses a directory that is not empty', async () => {
    const { directory } = running()
    const file = join(temporaryDirectory(), 'atoll.backup')
    await backup(directory, file)
    expect(() => restore(file, directory)).toThrow(/not empty/)
  })

  test.each([
    ['there is none', () => {}],
    ['it is no database', (file: string) => writeFileSync(file, 'x'.repeat(10_000))],
    [
      'it is cut short',
      (file: string, whole: Buffer) => writeFileSync(file, whole.subarray(0, 50_000)),
    ],
    [
      'it belongs to another program',
      (file: string) => {
        const other = new Database(file)
        other.exec('create table changes (x)')
        other.close()
      },
    ],
  ])('refuses a file if %s', async (_name, make) => {
    const { directory } = running()
    const source = temporaryDirectory()
    const whole = join(source, 'whole')
    await backup(directory, whole)
    const file = join(source, 'file')
    make(file, readFileSync(whole))
    const target = join(source, 'target')
    expect(() => restore(file, target)).toThrow(expect.objectContaining({ code: 'storage_failed' }))
    expect(existsSync(target)).toBe(false)
  })

  test("refuses a node's own database file, which is not whole without its log", () => {
    const { directory } = running()
    const source = temporaryDirectory()
    const file = join(source, 'file')
    copyFileSync(databaseFileOf(directory), file)
    expect(() => restore(file, join(source, 'target'))).toThrow(
      expect.objectContaining({ code: 'storage_failed' }),
    )
  })

  test('takes an empty directory that is there already', async () => {
    const { directory } = running()
    const source = temporaryDirectory()
    const file = join(source, 'file')
    await backup(directory, file)
    const target = join(source, 'target')
    mkdirSync(target)
    restore(file, target)
    expect(verifyNotes(target).findings).toEqual([])
  })
})
