/**
 * A node's data directory: its database, and a lock that only one process can hold.
 *
 * The lock is an exclusive transaction on a database of its own. The operating system releases it
 * whatever way the process ends, so that no stale lock ever has to be cleared by hand.
 */

import Database from 'better-sqlite3'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../fault.ts'

export interface DataDirectory {
  readonly path: string
  readonly databaseFile: string
  close(): void
}

export const databaseFileOf = (path: string): string => join(path, 'atoll.db')

/**
 * Opens the directory, making it if there is none, for its owner's eyes only. Throws a `Fault` if
 * another process has it open, or if it cannot be opened at all.
 */
export const openDataDirectory = (path: string): DataDirectory => {
  let lock: Database.Database | undefined
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    lock = new Database(join(path, 'lock.db'), { timeout: 0 })
    lock.pragma('locking_mode = EXCLUSIVE')
    lock.exec('begin exclusive')
  } catch (error) {
    lock?.close()
    throw isBusy(error)
      ? new Fault('data_directory_in_use', `Another process has ${path} open`, { cause: error })
      : new Fault('storage_failed', `${path} cannot be opened`, { cause: error })
  }
  const held = lock
  const release = () => {
    held.close()
  }
  // The process holds the lock, and not only the caller: a handle that nobody kept would be collected
  // as garbage, and its lock would silently be gone.
  process.once('exit', release)
  return {
    path,
    databaseFile: databaseFileOf(path),
    close: () => {
      process.off('exit', release)
      release()
    },
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
