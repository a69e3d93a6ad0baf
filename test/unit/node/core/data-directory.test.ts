import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { openDataDirectory } from '../../../../node/core/data-directory.ts'
import { temporaryDirectory } from './test-core.ts'

test('a directory is made, held by one, and free again after', () => {
  const path = join(temporaryDirectory(), 'deep', 'down')
  const first = openDataDirectory(path)
  expect(() => openDataDirectory(path)).toThrow(
    expect.objectContaining({ code: 'data_directory_in_use' }),
  )
  first.close()
  openDataDirectory(path).close()
})

test('a path that can be no directory is told apart from one in use', () => {
  const file = join(temporaryDirectory(), 'file')
  writeFileSync(file, '')
  expect(() => openDataDirectory(file)).toThrow(expect.objectContaining({ code: 'storage_failed' }))
})

test('a lock that is no database is told apart from one in use', () => {
  const path = temporaryDirectory()
  writeFileSync(join(path, 'lock.db'), 'x'.repeat(1_000))
  expect(() => openDataDirectory(path)).toThrow(expect.objectContaining({ code: 'storage_failed' }))
})

test('a directory stays held although nobody kept the handle', async () => {
  const path = temporaryDirectory()
  openDataDirectory(path)
  setFlagsFromString('--expose-gc')
  const collectGarbage: unknown = runInNewContext('gc')
  if (typeof collectGarbage === 'function') collectGarbage()
  // What the collected objects held is let go of in a later turn.
  await new Promise(setImmediate)
  expect(() => openDataDirectory(path)).toThrow(
    expect.objectContaining({ code: 'data_directory_in_use' }),
  )
})
