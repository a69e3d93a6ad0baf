/**
 * Copies of a node's database: taken while the node runs, and put back into an empty directory.
 *
 * A backup is one file, whole or not there at all. It holds what the node had when the copying began,
 * and none of the keys that lie beside the database. A node that is started on a restored directory
 * mints a new replica, as at every start, so that it can never write under a dot that the node it was
 * copied from has used since.
 */

import Database from 'better-sqlite3'
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Fault } from '../fault.ts'
import { databaseFileOf, openDataDirectory } from './data-directory.ts'
import { backupPagesPerStep } from './limits.ts'
import { checkFormat } from './sqlite-schema.ts'

export interface BackupReport {
  readonly bytes: number
  readonly changes: number
}

/** Called now and then with the share that is done, 0 to 1. */
export type BackupProgress = (share: number) => void

/**
 * Copies the database of the data directory `directory` into `file`, which must not exist yet. The
 * node may run on meanwhile; its write-ahead log grows until the copy is done.
 */
export const backup = async (
  directory: string,
  file: string,
  progress: BackupProgress = () => {},
): Promise<BackupReport> => {
  if (existsSync(file)) throw new Fault('storage_failed', `${file} exists already`)
  return wholeOrNothing(file, async (partial) => {
    await copyDatabase(databaseFileOf(directory), partial, progress)
    return examine(partial)
  })
}

/** Puts the backup `file` into the data directory `directory`, which must be empty or not there. */
export const restore = (file: string, directory: string): BackupReport => {
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new Fault('storage_failed', `${directory} is not empty`)
  }
  const report = examine(file)
  const held = openDataDirectory(directory)
  const partial = partialOf(held.databaseFile)
  try {
    copyFileSync(file, partial)
    moveInto(partial, held.databaseFile)
    return report
  } finally {
    rmSync(partial, { force: true })
    held.close()
  }
}

const copyDatabase = async (from: string, to: string, progress: BackupProgress): Promise<void> => {
  const source = open(from)
  try {
    // Held until the end, so that what the node writes meanwhile does not make the copy begin anew.
    source.exec('begin')
    source.prepare('select 1 from sqlite_schema').get()
    await source.backup(to, {
      progress: ({ totalPages, remainingPages }) => {
        if (totalPages > 0) progress(1 - remainingPages / totalPages)
        return backupPagesPerStep
      },
    })
  } finally {
    source.close()
  }
  const copy = new Database(to)
  try {
    // One file by itself, with nothing beside it.
    copy.pragma('journal_mode = delete')
  } finally {
    copy.close()
  }
}

/** Throws a `Fault` unless `file` is a whole Atoll database. */
const examine = (file: string): BackupReport => {
  const copy = open(file)
  try {
    // A backup that an earlier release made is brought up to date when a node opens it.
    checkFormat(copy, 'any')
    if (copy.pragma('journal_mode', { simple: true }) === 'wal') {
      throw new Fault('storage_failed', `${file} is a node's database and no backup of one`)
    }
    const verdict = copy.pragma('quick_check(1)', { simple: true })
    if (verdict !== 'ok')
      throw new Fault('storage_failed', `${file} is damaged: ${String(verdict)}`)
    const changes = copy.prepare<[], { count: number }>('select count(*) as count from changes')
    return { bytes: statSync(file).size, changes: changes.get()?.count ?? 0 }
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('storage_failed', `${file} is not a whole Atoll database`, { cause: error })
  } finally {
    copy.close()
  }
}

const open = (file: string): Database.Database => {
  try {
    return new Database(file, { readonly: true, fileMustExist: true })
  } catch (error) {
    throw new Fault('storage_failed', `${file} cannot be opened`, { cause: error })
  }
}

const wholeOrNothing = async <T>(
  file: string,
  make: (partial: string) => Promise<T>,
): Promise<T> => {
  const partial = partialOf(file)
  const remove = () => {
    for (const suffix of ['', '-journal']) rmSync(`${partial}${suffix}`, { force: true })
  }
  mkdirSync(dirname(file), { recursive: true })
  remove()
  try {
    const result = await make(partial)
    moveInto(partial, file)
    return result
  } finally {
    remove()
  }
}

const partialOf = (file: string): string => join(dirname(file), `.${basename(file)}.partial`)

// The name appears only when the bytes are on the disk, and stays when the power goes.
const moveInto = (partial: string, file: string): void => {
  sync(partial)
  renameSync(partial, file)
  sync(dirname(file))
}

const sync = (path: string): void => {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
