/**
 * The thread that archives: a node's writer never waits for it. It reads the log over a connection of
 * its own, talks to the merged store, and tells the node's main thread how that stands.
 */

import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { assert } from '../../crdt/assert.ts'
import { kindsByName } from '../core/understand.ts'
import * as shop from '../shop.ts'
import * as system from '../system.ts'
import type { MergedStoreAddress } from './address.ts'
import { createArchive } from './archive.ts'
import { createArchiver } from './archiver.ts'
import { derive } from './derive.ts'
import { createEmbedded } from './embedded.ts'
import { migrate } from './migrate.ts'
import { openNodeLog } from './node-log.ts'
import { createPostgres } from './postgres.ts'
import { serveSql } from './remote-sql.ts'
import { createVerifier } from './verify.ts'

export interface ArchiverTask {
  /** The node's database. */
  readonly file: string
  /** The node's name. */
  readonly node: string
  readonly store: MergedStoreAddress
  readonly standInMs: number
  /** Through which the main thread asks the database, if it is embedded. */
  readonly port?: MessagePort
}

const main = async (task: ArchiverTask): Promise<void> => {
  assert(parentPort !== null, 'this file runs as a thread')
  const port = parentPort
  const sql =
    task.store.kind === 'server'
      ? createPostgres(task.store.url)
      : await createEmbedded(task.store.directory)
  const kinds = kindsByName(shop.kinds)
  const archive = createArchive({ sql, kinds, sinks: shop.mergedSinks })
  const log = openNodeLog(task.file)
  const verifier = createVerifier({ sql, archive, log })
  const archiver = createArchiver({
    archive,
    log,
    node: task.node,
    standInMs: task.standInMs,
    prepare: async () => {
      await migrate(sql)
      await derive(sql, kinds, shop.mergedSinks)
    },
    verify: verifier.look,
    clock: system.systemClock,
    timers: system.systemTimers,
    told: (status) => port.postMessage(status),
  })
  if (task.port) serveSql(task.port, sql)
  const close = async (): Promise<void> => {
    await archiver.close()
    log.close()
    task.port?.close()
    await sql.close()
    port.close()
  }
  port.once('message', () => void close())
}

await main(workerData as ArchiverTask)
