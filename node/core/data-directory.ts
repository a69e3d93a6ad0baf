/**
 * A node's data directory: its database, and a lock that only one process can hold.
 *
 * The lock is an exclusive transaction on a database of its own. The operating system releases it
 * whatever way the process ends, so that no stale lock ever has to be cleared by hand.
 */

import Database from 'better-sqlite3'
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Fault } from '../fault.ts'
import { rewriteWriteAheadLog } from './write-ahead-log.ts'

export interface DataDirectory {
  readonly path: string
  readonly databaseFile: string
  close(): void
}

export const databaseFileOf = (path: string): string => join(path, 'atoll.db')

/**
 * Opens the directory to write in it, making it if there is none, for its owner's eyes only. Throws a
 * `Fault` if another process has it open, or if it cannot be opened at all.
 */
export const openDataDirectory = (path: string): DataDirectory => {
  const directory = lockDataDirectory(path)
  try {
    rewriteWriteAheadLog(`${directory.databaseFile}-wal`)
    return directory
  } catch (error) {
    directory.close()
    throw new Fault('storage_failed', `${path} cannot be written`, { cause: error })
  }
}

/** The same to look at it: whatever the database's files hold stays as it is. */
export const lockDataDirectory = (path: string): DataDirectory => {
  let lock: Database.Database | undefined
  try {
    syncNames(path, mkdirSync(path, { recursive: true, mode: 0o700 }))
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

// SQLite syncs the names inside the directory; the directory's own name is in the one above. It is
// synced at every start, since the one that made it may have been killed before it came to that.
const syncNames = (path: string, firstMade: string | undefined): void => {
  const last = resolve(firstMade ?? path)
  for (let at = resolve(path); ; at = dirname(at)) {
    syncDirectory(dirname(at))
    if (at === last || at === dirname(at)) return
  }
}

const syncDirectory = (path: string): void => {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch {
    // Above may be what this process may pass and not read; its names are then its owner's care.
    return
  }
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
