/** What was acknowledged is there after `kill -9`, whenever it comes. */

import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseDot } from '../../crdt/dot.ts'
import { databaseFileOf } from '../../node/core/data-directory.ts'
import { createSqliteStore } from '../../node/core/sqlite-store.ts'
import { verify } from '../../node/core/verify.ts'
import { noteKind, noteSql, noteTables } from '../unit/node/core/note.ts'
import { temporaryDirectory } from '../unit/node/core/test-core.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'
const directories = isFull ? 20 : 1
const killsPerDirectory = 10

const writer = fileURLToPath(new URL('durable-writer.ts', import.meta.url))

/** Starts a writer on `path`; `lines` are what it says. */
const start = (path: string) => {
  const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
  })
  return { child, ended, lines: createInterface(child.stdout) }
}

/** Lets a writer run until it has acknowledged `transactions`, kills it, and answers all it said. */
const killAfter = async (path: string, transactions: number) => {
  const { child, ended, lines } = start(path)
  const said: string[] = []
  for await (const line of lines) {
    said.push(line)
    // It goes on meanwhile: the kill comes in the middle of whatever it does then.
    if (said.length === transactions + 1) child.kill('SIGKILL')
  }
  await ended
  const [opening = '', ...acknowledged] = said
  expect(opening).toMatch(/^open [0-9a-f]{16} synchronous=2$/)
  expect(acknowledged.length).toBeGreaterThanOrEqual(transactions)
  return {
    replica: opening.split(' ')[1] ?? '',
    acknowledged: acknowledged.flatMap((line) => line.split(' ').filter(Boolean)),
  }
}

const lost = (path: string, dots: readonly string[]): readonly string[] => {
  const store = createSqliteStore({
    file: databaseFileOf(path),
    readModelSql: noteSql,
    readModelTables: noteTables,
  })
  try {
    expect(store.database.pragma('synchronous', { simple: true })).toBe(2)
    return dots.filter((text) => {
      const dot = parseDot(text)
      return !dot || !store.readChange(dot)
    })
  } finally {
    store.close()
  }
}

describe('a process that is killed while it writes', () => {
  test(
    'has lost nothing that it acknowledged, and left nothing half done',
    { timeout: directories * 120_000 },
    async () => {
      for (let directory = 0; directory < directories; directory++) {
        const path = temporaryDirectory()
        const replicas = new Set<string>()
        const acknowledged: string[] = []
        for (let kill = 0; kill < killsPerDirectory; kill++) {
          const run = await killAfter(path, randomInt(60))
          replicas.add(run.replica)
          acknowledged.push(...run.acknowledged)
          const report = verify(path, [noteKind], { sql: noteSql, tables: noteTables })
          expect(report.findings).toEqual([])
          expect(report.changes).toBeGreaterThanOrEqual(acknowledged.length)
          expect(lost(path, acknowledged)).toEqual([])
        }
        expect(replicas.size).toBe(killsPerDirectory)
        expect(new Set(acknowledged).size).toBe(acknowledged.length)
      }
    },
  )
})

describe('a directory that a process has open', () => {
  test('is refused to another, and free at once when the first is killed', async () => {
    const path = temporaryDirectory()
    const first = start(path)
    await new Promise<void>((resolve) => {
      first.lines.once('line', () => resolve())
    })

    const second = start(path)
    const said: string[] = []
    for await (const line of second.lines) said.push(line)
    await second.ended
    expect(said).toEqual(['refused data_directory_in_use'])
    expect(second.child.exitCode).toBe(3)
    expect(verify(path, [noteKind], { sql: noteSql, tables: noteTables }).findings).toMatchObject([
      { next: 'Stop the node and verify again.' },
    ])

    first.child.kill('SIGKILL')
    await first.ended
    await killAfter(path, 1)
  })
})
