/**
 * A node's documents in memory: each is a set of marks that only grows, so its join is the union. What
 * reconciliation asks of documents is all here: the same marks are the same bytes, and joins commute.
 */

import { createHash } from 'node:crypto'
import { createIndexBuilder, keyOf, type DocumentIndex } from '../../../sync/document-index.ts'
import type { DocumentState, JoinReport } from '../../../sync/document-exchange.ts'

export interface MemoryDocuments {
  /** Joins one mark into a document. */
  add(id: string, mark: string): void
  join(documents: readonly DocumentState[]): JoinReport
  index(breathe: () => Promise<void>): Promise<DocumentIndex>
  under(key: number): readonly DocumentState[]
  /** The marks of a document, rising. */
  read(id: string): readonly string[]
  ids(): readonly string[]
  digest(): string
}

export const kind = 'note'

interface Entry {
  readonly marks: Set<string>
  /** Undefined since it has changed. */
  state: { readonly bytes: Uint8Array; readonly hash: Uint8Array } | undefined
}

export const createMemoryDocuments = (): MemoryDocuments => {
  const entriesById = new Map<string, Entry>()
  const idsByKey = new Map<number, string[]>()

  const entryOf = (id: string): Entry => {
    const known = entriesById.get(id)
    if (known) return known
    const entry: Entry = { marks: new Set(), state: undefined }
    entriesById.set(id, entry)
    const key = keyOf(kind, id)
    idsByKey.set(key, [...(idsByKey.get(key) ?? []), id])
    return entry
  }

  const add = (id: string, mark: string): void => {
    const entry = entryOf(id)
    if (entry.marks.has(mark)) return
    entry.marks.add(mark)
    entry.state = undefined
  }

  const stateOf = (id: string, entry: Entry) => {
    if (entry.state) return entry.state
    const bytes = Buffer.from(JSON.stringify([...entry.marks].sort()))
    const hash = createHash('sha256').update(id).update(bytes).digest()
    entry.state = { bytes, hash }
    return entry.state
  }

  return {
    add,
    join: (documents) => {
      for (const { id, bytes } of documents) {
        const marks = JSON.parse(Buffer.from(bytes).toString()) as string[]
        for (const mark of marks) add(id, mark)
      }
      return { joined: documents.length, problems: [] }
    },
    index: (breathe) => {
      const builder = createIndexBuilder()
      for (const [id, entry] of entriesById) builder.add(kind, id, stateOf(id, entry).hash)
      return builder.finish(breathe)
    },
    under: (key) =>
      (idsByKey.get(key) ?? []).map((id) => ({
        kind,
        id,
        bytes: stateOf(id, entryOf(id)).bytes,
      })),
    read: (id) => [...(entriesById.get(id)?.marks ?? [])].sort(),
    ids: () => [...entriesById.keys()].sort(),
    digest: () => {
      // Order must not matter: the sum of the hashes, by exclusive or.
      const sum = new Uint8Array(32)
      for (const [id, entry] of entriesById) {
        stateOf(id, entry).hash.forEach((byte, at) => {
          sum[at] = (sum[at] ?? 0) ^ byte
        })
      }
      return Buffer.from(sum).toString('hex')
    },
  }
}
