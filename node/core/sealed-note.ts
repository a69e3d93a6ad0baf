/**
 * Notes of the store that nothing else could prove: each carries a hash of its own, so that a flipped
 * bit in one is found and not believed.
 */

import type Database from 'better-sqlite3'
import { createHash } from 'node:crypto'
import { Fault } from '../fault.ts'

export const sealedNotes = ['horizon', 'last_dropped', 'acquaintances'] as const
export type SealedNote = (typeof sealedNotes)[number]

export interface SealedNotes {
  /** The text noted under a name; undefined if there is none. Throws a `Fault` if it is not as it was written. */
  read(name: SealedNote): string | undefined
  write(name: SealedNote, text: string): void
}

export const createSealedNotes = (database: Database.Database): SealedNotes => {
  const select = database
    .prepare<[string], Buffer>('select value from state where name = ?')
    .pluck()
  const put = database.prepare<[string, Buffer]>(
    'insert or replace into state (name, value) values (?, ?)',
  )
  return {
    read: (name) => {
      const value = select.get(name)
      if (!value) return undefined
      const text = unseal(name, value)
      if (text === undefined) throw new Fault('storage_failed', `The note "${name}" is damaged`)
      return text
    },
    write: (name, text) => {
      put.run(name, seal(name, text))
    },
  }
}

const sealBytes = 32

const seal = (name: string, text: string): Buffer => {
  const body = Buffer.from(text)
  return Buffer.concat([sealOf(name, body), body])
}

const unseal = (name: string, value: Buffer): string | undefined => {
  const body = value.subarray(sealBytes)
  return sealOf(name, body).equals(value.subarray(0, sealBytes)) ? body.toString() : undefined
}

const sealOf = (name: string, body: Buffer): Buffer =>
  createHash('sha256').update(`${name}/`).update(body).digest()
