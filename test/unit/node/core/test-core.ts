/** Cores for tests, on stores in memory or in a directory of their own, with a clock that is told. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { DocumentKind } from '../../../../node/core/capability.ts'
import { createChangeLog } from '../../../../node/core/change-log.ts'
import { createCore, type Command, type Core, type Outcome } from '../../../../node/core/core.ts'
import * as digest from '../../../../node/core/digest.ts'
import { createSqliteStore, type SqliteStore } from '../../../../node/core/sqlite-store.ts'
import type { Store } from '../../../../node/core/store.ts'
import { counterOf } from '../../../../crdt/version-vector.ts'
import type { ChangeLog } from '../../../../sync/change-log.ts'
import { noteKind, noteSql, noteTables } from './note.ts'

export const readModels = { readModelSql: noteSql, readModelTables: noteTables }

export interface TestCore extends Core {
  readonly store: SqliteStore
  readonly log: ChangeLog
  readonly clock: { ms: number; now(): number }
  /** Runs one command that is expected to be accepted. */
  run(command: Command): Outcome
  digest(): string
  /** The rows of both tables, in order. */
  rows(): unknown
  /** All changes in log order. */
  changes(): readonly Uint8Array[]
}

const startMs = Date.UTC(2026, 0, 31)

/** Eight bytes that no other call of this process was given. */
let minted = 0
export const random = (bytes: number): Uint8Array => {
  const made = new Uint8Array(bytes)
  new DataView(made.buffer).setUint32(bytes - 4, ++minted)
  return made
}

export const createTestCore = (
  options: {
    readonly file?: string
    readonly kinds?: readonly DocumentKind[]
    /** Stands between the core and its store. */
    readonly wrap?: (store: Store) => Store
    readonly committed?: Parameters<typeof createCore>[0]['committed']
    readonly startMs?: number
  } = {},
): TestCore => {
  const store = createSqliteStore({ file: options.file ?? ':memory:', ...readModels })
  onTestFinished(() => store.close())
  const clock = { ms: options.startMs ?? startMs, now: () => clock.ms }
  const core = createCore({
    store: options.wrap ? options.wrap(store) : store,
    kinds: options.kinds ?? [noteKind],
    clock,
    random,
    ...(options.committed ? { committed: options.committed } : {}),
  })
  const log = createChangeLog(core, store)
  return {
    ...core,
    store,
    log,
    clock,
    run: (command) => {
      const [result] = core.execute([command])
      if (!result || 'thrown' in result) throw result?.thrown
      if (!result.ok) throw new Error(`Refused: ${result.refusal.code}`)
      return result.value
    },
    digest: () => digest.toHex(core.state().digest),
    rows: () => rowsOf(store),
    changes: () => log.read(0, Number.MAX_SAFE_INTEGER).entries.map(({ bytes }) => bytes),
  }
}

/** The rows of both tables, in order, by the ids of their documents: the numbers are a store's own. */
export const rowsOf = ({ database }: SqliteStore) => ({
  notes: database
    .prepare<[], Record<string, unknown>>('select * from notes order by id')
    .all()
    .map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'document'))),
  noteTags: database
    .prepare(
      `select id as note, tag from note_tags join documents on number = document order by id, tag`,
    )
    .all(),
})

/** Sends to `to` what it lacks of `from`, in batches of about `bytesMax`. */
export const send = (from: TestCore, to: TestCore, bytesMax = 1_000): void => {
  let position = from.log.positionFor(to.log.vector())
  for (;;) {
    const { entries, next } = from.log.read(position, bytesMax)
    if (entries.length === 0) return
    to.receive(entries.map(({ bytes }) => bytes))
    position = next
  }
}

/** Lets `to` hear of all that `from` has: by its documents, if what it lacks is in the log no more. */
export const meet = (from: TestCore, to: TestCore, bytesMax = 1_000): void => {
  const vector = to.log.vector()
  const isBehind = [...from.floor()].some(([replica, { counter }]) => {
    return counter > counterOf(vector, replica)
  })
  if (isBehind) {
    const { clock } = from.state()
    const floor = from.floor()
    const report = to.join([...from.store.scanDocuments(), ...from.store.scanUnread()])
    if (report.problems.length > 0) throw new Error(JSON.stringify(report.problems))
    const adopted = to.adopt(floor, clock)
    if (adopted.kind !== 'adopted') throw new Error(adopted.kind)
  }
  send(from, to, bytesMax)
}

/** A directory that is gone when the test is. */
export const temporaryDirectory = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'atoll-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
