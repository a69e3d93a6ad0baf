/**
 * A note in the data directory of which replicas wrote it, and of which directory it is the note: the
 * file names its own inode, that of the database, and their device. Copies lie in other inodes, so that a
 * directory that was copied is found out; and it notes how far the replicas had written, so that a
 * database that was put back to an earlier state is, too.
 *
 * What is not found out? A whole disk that was put back, or a database of the same life of the process
 * that was written over the later one within the minute after a note. Then more may be sold than there
 * were rights to, which is found as soon as others are heard.
 */

import { hash } from 'node:crypto'
import * as fs from 'node:fs'
import { platform } from 'node:os'
import { dirname, join } from 'node:path'
import { isReplicaId, type ReplicaId } from '../../crdt/dot.ts'
import { databaseFileOf } from '../core/data-directory.ts'
import { doubtReasons, type DoubtReason } from './doubt.ts'

export interface LineageNote {
  /** The replicas that wrote the directory, the latest first, and up to which counter they had. */
  readonly replicas: readonly { readonly replica: ReplicaId; readonly counter: number }[]
  /** When the node was last known to run. */
  readonly aliveMs: number
  /** Why the former replicas' rights were not inherited by then, if they were not. */
  readonly doubt: DoubtReason | null
}

export type FoundNote =
  | { readonly kind: 'none' }
  /** It lies where it was written. */
  | { readonly kind: 'own'; readonly note: LineageNote }
  /** It was written elsewhere, or is not whole. */
  | { readonly kind: 'foreign' }

export interface LineageFile {
  read(): FoundNote
  /** Returns when it is durable. */
  write(note: LineageNote): void
}

export const createLineageFile = (directory: string): LineageFile => {
  const path = join(directory, 'lineage.json')
  const placeOf = ({ ino, dev }: fs.BigIntStats): string => {
    const database = fs.statSync(databaseFileOf(directory), { bigint: true, throwIfNoEntry: false })
    return `${dev}:${ino}/${database?.ino ?? 'none'}`
  }
  return {
    read: () => {
      let text: string
      try {
        text = fs.readFileSync(path, 'utf8')
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
          return { kind: 'none' }
        }
        throw error
      }
      const written = parse(text)
      const here = placeOf(fs.statSync(path, { bigint: true }))
      return written !== undefined && written.place === here
        ? { kind: 'own', note: written.note }
        : { kind: 'foreign' }
    },

    // Under another name first, so that it is there whole or as it was before; the file keeps its inode.
    write: (note) => {
      const unfinished = `${path}.new`
      fs.rmSync(unfinished, { force: true })
      const file = fs.openSync(unfinished, 'wx', 0o600)
      try {
        const place = placeOf(fs.fstatSync(file, { bigint: true }))
        fs.writeSync(file, seal(JSON.stringify({ place, note })))
        fs.fsyncSync(file)
      } finally {
        fs.closeSync(file)
      }
      fs.renameSync(unfinished, path)
      syncDirectory(dirname(path))
    },
  }
}

interface Written {
  readonly place: string
  readonly note: LineageNote
}

// The last line is a hash of the rest: a note that was cut or edited is no note.
const seal = (text: string): string => `${text}\n${hash('sha256', text)}\n`

const parse = (sealed: string): Written | undefined => {
  const [text = ''] = sealed.split('\n', 1)
  if (sealed !== seal(text)) return undefined
  const { place, note } = JSON.parse(text) as Written
  const isWhole =
    note.replicas.every(({ replica }) => isReplicaId(replica)) &&
    (note.doubt === null || doubtReasons.includes(note.doubt))
  return isWhole ? { place, note } : undefined
}

// The new name is durable when its directory is. Windows cannot open a directory, and need not.
const syncDirectory = (path: string): void => {
  if (platform() === 'win32') return
  const directory = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(directory)
  } finally {
    fs.closeSync(directory)
  }
}
