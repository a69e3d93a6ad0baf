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

/** Opens the directory, making it if there is none. Throws a `Fault` if another process has it open. */
export const openDataDirectory = (path: string): DataDirectory => {
  mkdirSync(path, { recursive: true })
  const lock = new Database(join(path, 'lock.db'), { timeout: 0 })
  try {
    lock.pragma('locking_mode = EXCLUSIVE')
    lock.exec('begin exclusive')
  } catch (error) {
    lock.close()
    throw new Fault('data_directory_in_use', `Another process has ${path} open`, { cause: error })
  }
  return { path, databaseFile: databaseFileOf(path), close: () => lock.close() }
}
