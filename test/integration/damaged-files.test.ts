/** A node's files are damaged where they lie: it is found and named, or it makes no difference. */

import Database from 'better-sqlite3'
import { cpSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseFileOf } from '../../node/core/data-directory.ts'
import { createSqliteStore } from '../../node/core/sqlite-store.ts'
import { verify } from '../../node/core/verify.ts'
import * as shop from '../../node/shop.ts'
import * as change from '../../sync/change.ts'
import { seededRandom } from '../crash-points/random.ts'
import { damage, type Damage } from './damage.ts'
import {
  cleanUpProcesses,
  freePort,
  newDataDir,
  request,
  signIn,
  startProcess,
} from './node-process.ts'
import { cleanUp, productBody, startNode } from './node-under-test.ts'
import { seedFor } from './seed.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'
const injections = isFull ? 400 : 30

afterAll(async () => {
  await cleanUp()
  await cleanUpProcesses()
})

/** Of these paths the answers are compared: what a shopper sees, from rows and from documents. */
interface Specimen {
  readonly directory: string
  /** The database some time before, for pages that are not of now. */
  readonly olderDatabase: Buffer
  readonly reads: readonly Read[]
}

interface Read {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A directory as a killed node leaves it: a database, and a write-ahead log with the last changes. */
const makeSpecimen = async (): Promise<Specimen> => {
  const place = { name: 'eu', port: await freePort(), dataDir: newDataDir() }
  const reads: Read[] = ['products?limit=100', 'categories', 'brands'].map((path) => ({ path }))
  const work = async (products: number): Promise<void> => {
    const headers = await signIn(url)
    const ask = (method: string, path: string, body: unknown, given = headers) =>
      request(url, method, `/api/v1/${path}`, { body, headers: given })
    const cart = (await ask('POST', 'carts', undefined, {})).body
    const token = { 'x-cart-token': cart.token }
    reads.push({ path: `carts/${cart.id}`, headers: token })
    for (let at = 0; at < products; at++) {
      const fields = {
        brand: 'Pharos',
        categories: ['Home', 'Lamps'],
        description: 'x'.repeat(400),
      }
      const { id, variants } = (await ask('POST', 'products', productBody(fields))).body
      reads.push({ path: `products/${id}` })
      const price = { price: { amount: 1_000 + at, currency: 'USD' } }
      await ask('PUT', `products/${id}/price`, price)
      const intent = { id: `i-${at}`, type: 'add', variantId: variants[0]!.id, quantity: 1 }
      await ask('POST', `carts/${cart.id}/intents`, { intents: [intent] }, token)
    }
  }
  const url = `http://127.0.0.1:${place.port}`
  const first = await startProcess(place)
  await work(15)
  await first.stop()
  const olderDatabase = readFileSync(databaseFileOf(place.dataDir))
  const second = await startProcess(place)
  await work(20)
  await second.stop()
  const third = await startProcess(place)
  await work(5)
  await third.kill()
  return { directory: place.dataDir, olderDatabase, reads }
}

/** The changes in the log that pass for whole, in order, in base64; undefined if it cannot be read to its end. */
const logOf = (directory: string): readonly string[] | undefined => {
  const intact: string[] = []
  try {
    const store = createSqliteStore({
      file: databaseFileOf(directory),
      readModelSql: shop.readModelSql,
      readModelTables: shop.readModelTables,
    })
    try {
      for (const { bytes } of store.readChanges(0, Number.MAX_SAFE_INTEGER).entries) {
        if (change.isIntact(bytes)) intact.push(Buffer.from(bytes).toString('base64'))
      }
      return intact
    } finally {
      store.close()
    }
  } catch {
    return undefined
  }
}

/** What a node on `directory` answers, or that it does not start. */
const answersOf = async (directory: string, reads: readonly Read[]): Promise<readonly string[]> => {
  try {
    const node = await startNode({ name: 'eu', dataDir: directory, broken: () => undefined })
    try {
      const answers: string[] = []
      for (const { path, headers } of reads) {
        const { status, text } = await node.ask('GET', `/${path}`, headers ? { headers } : {})
        answers.push(status >= 500 ? 'failed' : `${status} ${text}`)
      }
      return answers
    } finally {
      await node.close().catch(() => undefined)
    }
  } catch {
    return reads.map(() => 'refused')
  }
}

type Verdict = 'named' | 'noted' | 'silent'

/** What `atoll verify` says: it names what is wrong, or notes the one thing it cannot tell from a power cut. */
const verdictOn = (directory: string): Verdict => {
  const { findings, notes } = verify(directory, shop.kinds, {
    sql: shop.readModelSql,
    tables: shop.readModelTables,
  })
  if (findings.length > 0) return 'named'
  return notes.some((note) => note.includes('write-ahead log')) ? 'noted' : 'silent'
}

describe('a damaged file', () => {
  let specimen: Specimen
  let rightAnswers: readonly string[]
  let rightLog: readonly string[]
  const places: string[] = []

  const copy = (): string => {
    const place = newDataDir()
    cpSync(specimen.directory, place, { recursive: true })
    places.push(place)
    return place
  }

  beforeAll(async () => {
    specimen = await makeSpecimen()
    rightAnswers = await answersOf(copy(), specimen.reads)
    rightLog = logOf(copy()) ?? []
  })

  const file = (directory: string, suffix: string) => join(directory, `atoll.db${suffix}`)

  const inject = async (random: ReturnType<typeof seededRandom>): Promise<Injection> => {
    const place = copy()
    const suffix = random.below(4) === 0 ? '-wal' : ''
    const done = damage(file(place, suffix), specimen.olderDatabase, random)
    const owner = suffix === '-wal' ? 'write-ahead log' : ownerOf(owners, done.at)
    const verdict = verdictOn(place)
    const log = logOf(place)
    const answers = await answersOf(place, specimen.reads)
    rmSync(place, { recursive: true, force: true })
    const isSame = (answer: string, at: number) => answer === rightAnswers[at]
    const isError = (answer: string) => answer === 'failed' || answer === 'refused'
    return {
      ...done,
      owner,
      verdict,
      foreign: (log ?? []).filter((bytes) => !rightLog.includes(bytes)).length,
      missing: rightLog.length - (log?.length ?? 0),
      isEarlier: log?.every((bytes, at) => bytes === rightLog[at]) ?? false,
      answers: answers.every(isSame)
        ? 'right'
        : answers.every((answer, at) => isSame(answer, at) || isError(answer))
          ? 'refused'
          : 'wrong',
    }
  }

  let owners: readonly string[] = []

  test('was proven before, and its node answered', () => {
    expect(verdictOn(copy())).toBe('silent')
    expect(rightAnswers.filter((answer) => !answer.startsWith('200'))).toEqual([])
    expect(rightLog.length).toBeGreaterThan(100)
  })

  test(
    `is named by verify or makes no difference, ${injections} times`,
    { timeout: isFull ? 20 * 60_000 : 120_000 },
    async () => {
      owners = ownersOf(specimen.directory)
      const random = seededRandom(seedFor('damaged files'))
      const found: Injection[] = []
      for (let at = 0; at < injections; at++) found.push(await inject(random))
      process.stdout.write(`${told(found)}\n`)
      expect(found.filter(isWorse)).toEqual([])
      // The method can see damage at all, of each sort that a node's answers rest on.
      expect(found.some(({ verdict }) => verdict === 'named')).toBe(true)
    },
  )
})

interface Injection extends Damage {
  readonly owner: string
  readonly verdict: Verdict
  /** Changes that pass for whole and were never written. */
  readonly foreign: number
  /** Changes that were written and are not there, or not whole. */
  readonly missing: number
  /** Whether the log is what it was at some moment before. */
  readonly isEarlier: boolean
  readonly answers: 'right' | 'refused' | 'wrong'
}

/** Damage that nobody would have been told of, or that would have gone to a peer as the truth. */
const isWorse = (one: Injection): boolean => {
  const { verdict, foreign, missing, answers } = one
  if (foreign > 0) return true
  return verdict === 'silent' && (answers !== 'right' || missing > 0) && !isAnEnd(one)
}

// A write-ahead log that lost its end is what it was before: nothing in the directory tells it from a
// node that was killed then. Its peers have the rest. In the middle nothing may go, and at the end no
// more than the last transaction, unless the file itself is shorter.
const isAnEnd = ({ owner, kind, isEarlier, missing }: Injection): boolean =>
  owner === 'write-ahead log' && isEarlier && (kind === 'truncated' || missing === 1)

/** Which table or index each page of the database belongs to. */
const ownersOf = (directory: string): readonly string[] => {
  const copied = newDataDir()
  cpSync(databaseFileOf(directory), join(copied, 'atoll.db'))
  const database = new Database(join(copied, 'atoll.db'))
  const rows = database
    .prepare<[], { name: string; pageno: number }>('select name, pageno from dbstat')
    .all()
  database.close()
  const pages = Math.ceil(statSync(databaseFileOf(directory)).size / 4_096)
  const named = Array.from({ length: pages }, () => 'free')
  for (const { name, pageno } of rows) named[pageno - 1] = partOf(name)
  return named
}

const partOf = (name: string): string => {
  const bare = name.replace(/^sqlite_autoindex_/, '').replace(/_\d+$/, '')
  if (['changes', 'replicas', 'quarantine'].includes(bare)) return 'log'
  if (['documents', 'touches', 'requests', 'state', 'folded'].includes(bare)) return 'documents'
  return 'read models'
}

const ownerOf = (owners: readonly string[], at: number): string =>
  owners[Math.floor(at / 4_096)] ?? 'free'

const told = (found: readonly Injection[]): string => {
  const rate = (count: number, of: number) =>
    `${count} of ${of} (${((100 * count) / Math.max(1, of)).toFixed(0)} %)`
  const parts = [...new Set(found.map(({ owner }) => owner))].sort()
  const lines = parts.map((part) => {
    const here = found.filter(({ owner }) => owner === part)
    const count = (test: (one: Injection) => boolean) => here.filter(test).length
    return (
      `  ${part}: ${here.length} injections; verify named ${count(({ verdict }) => verdict === 'named')}, ` +
      `noted ${count(({ verdict }) => verdict === 'noted')}; made no difference ` +
      `${count((one) => one.verdict === 'silent' && one.answers === 'right')}, ` +
      `was an earlier end ${count((one) => one.verdict === 'silent' && one.answers !== 'right')}; ` +
      `a node that nobody verified refused ${count(({ answers }) => answers === 'refused')}, ` +
      `answered otherwise ${count(({ answers }) => answers === 'wrong')}`
    )
  })
  const harmful = found.filter(
    ({ answers, missing, foreign }) => answers !== 'right' || missing > 0 || foreign > 0,
  )
  const named = harmful.filter(({ verdict }) => verdict === 'named').length
  return [
    `${found.length} damages; of those that made a difference verify named ${rate(named, harmful.length)}; ` +
      `changes sent on as whole that never were: ${found.reduce((sum, one) => sum + one.foreign, 0)}`,
    ...lines,
  ].join('\n')
}
