/** Whether the node's storage is as it must be, for `/health`. */

import { statSync } from 'node:fs'
import type { HealthCheck } from '../http/health.ts'
import type { Core } from './core.ts'
import { databaseFileOf } from './data-directory.ts'
import { walBytesMax } from './limits.ts'
import { isDurable } from './sqlite-schema.ts'
import type { SqliteStore } from './sqlite-store.ts'

export interface StorageHealthDeps {
  readonly core: Pick<Core, 'isBroken' | 'state'>
  readonly store: Pick<SqliteStore, 'database'>
  /** The data directory. */
  readonly directory: string
}

export const createStorageChecks = ({ core, store, directory }: StorageHealthDeps) => {
  const { database } = store
  const probe = database.prepare<[number]>(
    `insert or replace into state (name, value) values ('probe', cast(? as blob))`,
  )
  let probes = 0
  let lastState = core.state()

  const storage = (): HealthCheck => {
    if (core.isBroken()) {
      return { status: 'failed', detail: 'A write failed; the node must start anew' }
    }
    if (!isDurable(database)) {
      return { status: 'failed', detail: 'Commits are not synced to the disk' }
    }
    // A change that was committed since we last asked says more than a probe, and costs nothing.
    const isProven = core.state() !== lastState
    lastState = core.state()
    if (isProven) return { status: 'ok' }
    try {
      probe.run(++probes)
      return { status: 'ok' }
    } catch {
      return { status: 'failed', detail: 'The disk does not take writes' }
    }
  }

  const writeAheadLog = (): HealthCheck => {
    const file = `${databaseFileOf(directory)}-wal`
    const walBytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0
    const figures = { walBytes, walBytesMax }
    return walBytes > walBytesMax
      ? {
          status: 'degraded',
          detail: 'Something keeps the write-ahead log from shrinking',
          figures,
        }
      : { status: 'ok', figures }
  }

  return { storage, writeAheadLog } satisfies Record<string, () => HealthCheck>
}
