import { cpSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  examineWriteAheadLog,
  rewriteWriteAheadLog,
} from '../../../../node/core/write-ahead-log.ts'
import { rename, tag } from './note.ts'
import { createTestCore, temporaryDirectory } from './test-core.ts'

const frameBytes = 24 + 4_096

/** The write-ahead log of a core that has made some transactions, and was killed. */
const written = (): string => {
  const file = join(temporaryDirectory(), 'atoll.db')
  const alice = createTestCore({ file })
  for (let index = 0; index < 5; index++) alice.run(tag('n', `${index}`)())
  const copy = join(temporaryDirectory(), 'copy-wal')
  cpSync(`${file}-wal`, copy)
  return copy
}

const flip = (file: string, at: number): void => {
  const bytes = readFileSync(file)
  bytes[at]! ^= 1
  writeFileSync(file, bytes)
}

const framesOf = (file: string) => (statSync(file).size - 32) / frameBytes

test('a log that is not there, or holds nothing, lacks nothing', () => {
  const file = join(temporaryDirectory(), 'wal')
  expect(examineWriteAheadLog(file)).toEqual({ kind: 'whole' })
  writeFileSync(file, '')
  expect(examineWriteAheadLog(file)).toEqual({ kind: 'whole' })
})

test('a log as it was written is whole', () => {
  expect(examineWriteAheadLog(written())).toEqual({ kind: 'whole' })
})

test('a log that ends inside a frame lacks only what was never acknowledged', () => {
  const file = written()
  truncateSync(file, statSync(file).size - 100)
  expect(examineWriteAheadLog(file)).toEqual({ kind: 'whole' })
})

test('a flipped bit in its header is damage to all of it', () => {
  const file = written()
  flip(file, 17)
  expect(examineWriteAheadLog(file)).toEqual({ kind: 'damaged', frame: 0 })
})

test('a flipped bit with whole transactions behind it is damage', () => {
  const file = written()
  flip(file, 32 + 1_000)
  expect(examineWriteAheadLog(file)).toEqual({ kind: 'damaged', frame: 1 })
})

test('a flipped bit in the last frame may have been a power cut', () => {
  const file = written()
  flip(file, statSync(file).size - 1)
  expect(examineWriteAheadLog(file)).toEqual({ kind: 'torn', frame: framesOf(file) })
})

test('frames that an earlier log left behind in the file are of no account', () => {
  const file = join(temporaryDirectory(), 'atoll.db')
  const alice = createTestCore({ file })
  for (let index = 0; index < 20; index++) alice.run(tag('n', `${index}`)())
  // The next transaction starts the log anew, over the frames that were moved into the database.
  alice.store.database.pragma('wal_checkpoint(RESTART)')
  alice.run(tag('n', 'after')())
  expect(framesOf(`${file}-wal`)).toBeGreaterThan(20)
  expect(examineWriteAheadLog(`${file}-wal`)).toEqual({ kind: 'whole' })
})

test('a torn transaction is no damage, whatever an earlier log left between its sectors', () => {
  const file = join(temporaryDirectory(), 'atoll.db')
  const alice = createTestCore({ file })
  for (let index = 0; index < 20; index++) alice.run(tag('n', `${index}`)())
  alice.store.database.pragma('wal_checkpoint(RESTART)')
  const renames = Array.from({ length: 60 }, (_, at) => rename(`n${at}`, 'x'.repeat(3_000))())
  alice.execute(renames)
  const bytes = readFileSync(`${file}-wal`)
  const headOf = (frame: number) => 32 + (frame - 1) * frameBytes
  // Of this frame the sector with the salts came to the disk, and the one with the commit did not.
  const mixed = 42
  expect(headOf(mixed) % 512).toBe(504)
  bytes.writeUInt32BE(9, headOf(mixed) + 4)
  bytes[headOf(1) + 100]! ^= 1
  const torn = join(temporaryDirectory(), 'torn-wal')
  writeFileSync(torn, bytes)
  expect(examineWriteAheadLog(torn)).toEqual({ kind: 'torn', frame: 1 })
})

test('a log that is written over itself is as it was', () => {
  const file = written()
  const before = readFileSync(file)
  rewriteWriteAheadLog(file)
  expect(readFileSync(file).equals(before)).toBe(true)
  rewriteWriteAheadLog(join(temporaryDirectory(), 'nowhere'))
})
