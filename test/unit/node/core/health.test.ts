import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createStorageChecks } from '../../../../node/core/health.ts'
import { tag } from './note.ts'
import { createTestCore, temporaryDirectory } from './test-core.ts'

const createChecked = () => {
  const directory = temporaryDirectory()
  const core = createTestCore({ file: join(directory, 'atoll.db') })
  const deps = { isBroken: false }
  const checks = createStorageChecks({
    core: { ...core, isBroken: () => deps.isBroken },
    store: core.store,
    directory,
  })
  return { core, deps, checks }
}

test('storage that takes writes and syncs them is well', () => {
  const { core, checks } = createChecked()
  expect(checks.storage()).toEqual({ status: 'ok' })
  core.run(tag('n', 'a')())
  expect(checks.storage()).toEqual({ status: 'ok' })
})

test('a disk that takes no writes is found by writing', () => {
  const { core, checks } = createChecked()
  core.store.database.pragma('query_only = true')
  expect(checks.storage()).toMatchObject({ status: 'failed' })
})

test('commits that are not synced are found', () => {
  const { core, checks } = createChecked()
  core.store.database.pragma('synchronous = NORMAL')
  expect(checks.storage()).toMatchObject({ status: 'failed' })
})

test('a broken core is out of service', () => {
  const { deps, checks } = createChecked()
  deps.isBroken = true
  expect(checks.storage()).toMatchObject({ status: 'failed' })
})

test('the write-ahead log is measured', () => {
  const { core, checks } = createChecked()
  core.run(tag('n', 'a')())
  const { status, figures } = checks.writeAheadLog()
  expect(status).toBe('ok')
  expect(figures?.['walBytes']).toBeGreaterThan(4_096)
})
