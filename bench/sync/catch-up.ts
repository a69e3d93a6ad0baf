/**
 * Catching up: a node that has nothing meets one that has a hundred thousand changes; the time from
 * its being ready, which is when it dials, to equal digests.
 */

import Database from 'better-sqlite3'
import type { Bench, Row } from '../benchmark.ts'
import { writeProducts } from '../catalog-files.ts'
import { createLoad } from '../http/load.ts'
import { interleaved, pause, timed } from '../measure.ts'
import { importFile } from '../node/importing.ts'
import type { AtollNode, Server } from '../stage.ts'
import { productIds } from './visibility.ts'

export const measureCatchUp = async (bench: Bench): Promise<readonly Row[]> => {
  const changes = bench.isQuick ? 5_000 : 100_000
  return [
    ...(await measure(bench, `${changes} products created`, changes, (node) =>
      create(bench, node, changes),
    )),
    ...(await measure(bench, `${changes} prices changed, of 1000 products`, changes, (node) =>
      changePrices(bench, node, changes),
    )),
  ]
}

export const create = async ({ stage }: Bench, node: AtollNode, count: number): Promise<void> => {
  const file = stage.path('products.ndjson')
  writeProducts(file, count)
  await importFile(stage, node, file)
}

export const changePrices = async (bench: Bench, node: AtollNode, count: number): Promise<void> => {
  await create(bench, node, 1_000)
  const ids = await productIds(node)
  const requests = Array.from({ length: count }, (_, at) => ({
    method: 'PUT',
    path: `/api/v1/products/${ids[at % ids.length]}/price`,
    headers: { ...node.admin, 'content-type': 'application/json' },
    body: JSON.stringify({ price: { amount: 1_000 + at, currency: 'USD' } }),
  }))
  const load = createLoad()
  try {
    const job = { url: node.url, connections: 100, requests }
    const { failed } = await load.drive({ ...job, until: 'once' })
    if (failed > 0) throw new Error(`${failed} price changes failed`)
  } finally {
    load.close()
  }
}

const measure = async (
  { stage, runs, say }: Bench,
  what: string,
  changes: number,
  prepare: (node: AtollNode) => Promise<void>,
): Promise<readonly Row[]> => {
  say(`  preparing: ${what}`)
  const alice = await stage.startNode({ name: 'alice' })
  try {
    await prepare(alice)
    const { peer, sqlite } = await interleaved<'peer' | 'sqlite', 'perSecond' | 'peakMB'>(runs, {
      peer: async () => {
        const bob = await stage.startServing({
          name: 'bob',
          peers: [alice.url.replace('http', 'ws')],
        })
        const seconds = await secondsUntilEqual(alice, bob)
        const peakMB = bob.child.peakMB()
        await bob.stop()
        say(`  caught up at ${(changes / seconds).toFixed(0)} changes/s, ${peakMB.toFixed(0)} MB`)
        return { perSecond: changes / seconds, peakMB }
      },
      sqlite: async () => {
        const { ms } = await timed(() => appendBare(stage.path('bare.db'), changes))
        return { perSecond: (changes / ms) * 1_000, peakMB: Number.NaN }
      },
    })
    return [
      {
        what,
        unit: '/s',
        ours: peer.perSecond,
        reference: { name: 'bare SQLite rows', value: sqlite.perSecond },
        target: { of: 'ours', is: 'at least', bound: 30_000 },
      },
      { what: 'peak memory of who catches up', unit: 'MB', ours: peer.peakMB },
    ]
  } finally {
    await alice.stop()
  }
}

const giveUpSeconds = 120
/** Asking costs both nodes a little; what it rounds up is against us. */
const askEveryMs = 50

/**
 * The seconds until both have the same documents. Alice's key is among the first changes that bob
 * receives, so that he takes her token and nobody need sign in at him, which would be a change too.
 */
export const secondsUntilEqual = async (
  alice: AtollNode,
  bob: Pick<Server, 'client'>,
): Promise<number> => {
  const startMs = performance.now()
  const ask = { method: 'GET', path: '/api/v1/admin/replication', headers: alice.admin }
  for (;;) {
    const [left, right] = await Promise.all([alice.replication(), bob.client.call(ask)])
    const seconds = (performance.now() - startMs) / 1_000
    if (right.status === 200 && right.text.includes(`"digest":"${left.digest}"`)) return seconds
    if (seconds > giveUpSeconds) throw new Error('The peer never caught up')
    await pause(askEveryMs)
  }
}

/** What disk and database alone take to append as many changes: durable, a thousand a transaction. */
const appendBare = (file: string, count: number): void => {
  const database = new Database(file)
  try {
    database.pragma('journal_mode = wal')
    database.pragma('synchronous = full')
    database.exec(
      `create table changes (position integer primary key, replica integer, counter integer,
         bytes blob not null, unique (replica, counter))`,
    )
    const bytes = Buffer.alloc(bareChangeBytes, 7)
    const insert = database.prepare<[number, Buffer]>(
      'insert into changes (replica, counter, bytes) values (1, ?, ?)',
    )
    const insertMany = database.transaction((first: number, length: number) => {
      for (let counter = first; counter < first + length; counter++) insert.run(counter, bytes)
    })
    for (let at = 0; at < count; at += 1_000) insertMany(at, Math.min(1_000, count - at))
  } finally {
    database.close()
  }
}

/** About what a product's creation takes. */
const bareChangeBytes = 800
