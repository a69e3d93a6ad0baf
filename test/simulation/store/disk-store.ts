/**
 * The core's store on a simulated disk: each transaction is one frame of an append-only log, written and
 * synced before `transact` returns; what a process sees is remade from the frames when it opens them.
 *
 * It keeps the promises of the store on SQLite and no more. A torn frame at the end is a transaction
 * that never was; a damaged one before the end is found at the opening, and the disk is refused.
 */

import type { Dot } from '../../../crdt/dot.ts'
import type { CoreState, Store, StoredChange } from '../../../node/core/store.ts'
import type { Disk } from '../world/disk.ts'
import { decodeFrame, encodeFrame, type Operation } from './operations.ts'
import { apply, emptyTables, keyOf, type LogRow, type Tables } from './tables.ts'

export interface DiskStore extends Store {
  readonly tables: () => Tables
  readNote(name: string): string | undefined
  /** Writes a note, in a transaction of its own. */
  writeNote(name: string, text: string): void
  /** How it went with the end of the file when it was opened. */
  readonly found: 'whole' | 'torn'
}

export interface DiskStoreDeps {
  readonly disk: Disk
  /** Called when a transaction is durable. */
  readonly durable: (transaction: Transacted) => void
}

/** What became durable. */
export interface Transacted {
  readonly tables: Tables
  readonly appended: readonly LogRow[]
  /** What was folded and left the log. */
  readonly dropped: readonly LogRow[]
  /** Whether documents were joined that came without their changes. */
  readonly hasJoined: boolean
}

export class DamagedDisk extends Error {}

/** Opens the store. Throws `DamagedDisk` if a frame before the end is not as it was written. */
export const openDiskStore = ({ disk, durable }: DiskStoreDeps): DiskStore => {
  const { tables: opened, frames } = read(disk)
  const found = frames === disk.chunks().length ? 'whole' : 'torn'
  disk.cutOff(frames)
  let tables = opened
  let operations: Operation[] | undefined
  let appended: LogRow[] = []
  let dropped: LogRow[] = []

  const write = (operation: Operation): void => {
    if (!operations) throw new Error('The store is written inside a transaction only')
    apply(tables, operation)
    operations.push(operation)
  }

  const commit = (): void => {
    const frame = encodeFrame(operations ?? [])
    disk.append(frame)
    disk.sync()
    // From now on a flipped bit on the disk is one in what is read.
    for (const row of appended) row.bytes = placeIn(frame, row.bytes)
    // Folding writes the base and takes changes out of the log; joining only writes the base.
    const hasJoined = dropped.length === 0 && operations?.some(({ op }) => op === 'folded')
    durable({ tables, appended, dropped, hasJoined: hasJoined === true })
  }

  const transact = <T>(work: () => T): T => {
    if (operations) throw new Error('A transaction is under way')
    operations = []
    appended = []
    dropped = []
    try {
      const result = work()
      if (operations.length > 0) commit()
      return result
    } catch (error) {
      disk.takeBack()
      tables = read(disk).tables
      throw error
    } finally {
      operations = undefined
    }
  }

  return {
    tables: () => tables,
    found,
    transact,
    readNote: (name) => tables.notes.get(name),
    writeNote: (name, text) => transact(() => write({ op: 'note', name, text })),

    readState: () => ({
      heads: new Map(tables.heads),
      clock: tables.clock,
      digest: tables.digest,
    }),
    writeState: ({ heads, clock, digest }: CoreState, changed) => {
      for (const replica of changed) {
        const head = heads.get(replica)
        if (head) write({ op: 'head', replica, ...head })
      }
      write({ op: 'state', ...clock, digest })
    },

    appendChange: ({ dot, wallMs, bytes, hash }) => {
      const position = tables.lastPosition + 1
      write({ op: 'change', position, ...dot, wallMs, bytes, hash })
      appended.push(tables.log.get(position)!)
      return position
    },
    readChange: ({ replica, counter }: Dot) => tables.chains.get(replica)?.get(counter),
    readChanges: (position, bytesMax) => {
      const entries: LogRow[] = []
      let size = 0
      let next = position
      for (let at = Math.max(position, 1); at <= tables.lastPosition; at++) {
        const row = tables.log.get(at)
        if (!row) continue
        size += row.bytes.length
        if (entries.length > 0 && size > bytesMax) break
        entries.push(row)
        next = at + 1
      }
      return { entries, next }
    },
    positionAfter: (replica, counter) => {
      const chain = tables.chains.get(replica)
      const head = tables.heads.get(replica)?.counter ?? 0
      for (let at = counter + 1; at <= head; at++) {
        const row = chain?.get(at)
        if (row) return row.position
      }
      return undefined
    },
    endPosition: () => tables.lastPosition + 1,
    dropChanges: (positions) => {
      for (const position of positions) {
        const row = tables.log.get(position)
        if (row) dropped.push(row)
        write({ op: 'drop', position })
      }
    },
    quarantine: ({ replica, counter }, evidence) =>
      write({ op: 'quarantine', replica, counter, bytes: evidence }),
    readQuarantine: () => new Set(tables.quarantine.keys()),

    readFloor: () => new Map(tables.floor),
    writeFloor: (floor) => {
      for (const [replica, head] of floor) write({ op: 'floor', replica, ...head })
    },
    readHorizon: () => tables.horizon,
    writeHorizon: ({ wallMs, logical }) => write({ op: 'horizon', wallMs, logical }),
    readFolded: (kind, id) => tables.folded.get(keyOf(kind, id))?.bytes,
    writeFolded: (kind, id, bytes) => write({ op: 'folded', kind, id, bytes }),
    dropFolded: (kind, id) => write({ op: 'unfolded', kind, id }),
    scanFolded: () => [...tables.folded.values()],
    addUnread: (state) => write({ op: 'unread', ...state }),
    dropUnread: (state) => write({ op: 'readNow', ...state }),
    readUnread: (kind, id) =>
      [...tables.unread.values()]
        .filter((state) => state.kind === kind && state.id === id)
        .map(({ bytes }) => bytes),
    scanUnread: () => [...tables.unread.values()],

    readRequest: (request): StoredChange | undefined => {
      const [position] = tables.requests.get(request) ?? []
      return position === undefined ? undefined : tables.log.get(position)
    },
    hasRequest: (request) => tables.requests.has(request),
    noteRequest: (request, position) => write({ op: 'request', request, position }),

    readDocument: (kind, id) => tables.documents.get(keyOf(kind, id)),
    readDocumentAt: (number) => tables.documentsByNumber.get(number),
    writeDocument: ({ number: given, kind, id, bytes, hash }) => {
      const number = given ?? tables.lastNumber + 1
      write({ op: 'document', number, kind, id, bytes, hash })
      return number
    },
    touchDocument: (number, position) => write({ op: 'touch', number, position }),
    readHistory: (kind, id) => {
      const document = tables.documents.get(keyOf(kind, id))
      const positions = [...(document ? (tables.touches.get(document.number) ?? []) : [])]
      return positions
        .sort((a, b) => a - b)
        .map((position) => tables.log.get(position))
        .filter((row) => row !== undefined)
    },
    scanDocuments: () => [...tables.documents.values()],
    countDocuments: () => tables.documents.size,

    replaceRows: ({ name }, document, rows, isNew) => {
      // Most documents have no rows in most tables, and a frame need not say so each time.
      if (rows.length === 0 && !tables.rows.get(name)?.has(document)) return
      write({ op: 'rows', table: name, number: document, rows, isNew: isNew ? 1 : 0 })
    },
    clearRows: (cleared) => {
      for (const { name } of cleared) write({ op: 'clearRows', table: name })
    },
    clearDocuments: () => write({ op: 'clearDocuments' }),
    readDerivation: () => ({ kinds: tables.kinds, areRowsFilled: tables.areRowsFilled }),
    noteKinds: (kinds) => write({ op: 'kinds', kinds }),
    noteRowsFilled: () => write({ op: 'rowsFilled' }),
  }
}

const read = (disk: Disk): { readonly tables: Tables; readonly frames: number } => {
  const tables = emptyTables()
  const chunks = disk.chunks()
  for (const [at, chunk] of chunks.entries()) {
    const operations = decodeFrame(chunk)
    if (!operations) {
      // Where a sync had returned, something whole would follow.
      if (chunks.slice(at + 1).some((later) => decodeFrame(later))) throw new DamagedDisk()
      return { tables, frames: at }
    }
    for (const operation of operations) apply(tables, operation)
  }
  return { tables, frames: chunks.length }
}

const placeIn = (frame: Uint8Array, part: Uint8Array): Uint8Array => {
  const at = Buffer.from(frame.buffer, frame.byteOffset, frame.length).indexOf(part)
  return at < 0 ? part : frame.subarray(at, at + part.length)
}
