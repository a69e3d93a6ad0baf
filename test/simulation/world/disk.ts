/**
 * A disk in memory that fails as disks do: what was not synced may vanish in a power cut, wholly or in
 * part; a sync may fail and leave open what was kept; space may run out; bits may flip.
 *
 * It holds one append-only file. A write is a chunk; chunks up to `synced` survive everything but
 * flipped bits and whoever swaps the disk.
 */

import type { Random } from './random.ts'

/** What the processes that open the disk see of it. */
export interface Disk {
  /** Writes at the end. Throws a `DiskFault`, or ends the process in the middle of it. */
  append(chunk: Uint8Array): void
  /** Returns when all that was written survives a power cut. */
  sync(): void
  /** Takes back what was written and not synced: an undone transaction. */
  takeBack(): void
  /** Leaves the first `count` chunks: what a recovery does with a torn end. */
  cutOff(count: number): void
  /** Every chunk, as the operating system would give them to a reader now. */
  chunks(): readonly Uint8Array[]
}

/** What fate sees of it. */
export interface DiskFate {
  readonly disk: Disk
  /** What comes before a write or a sync: a chance to end the process, or to be slow. */
  onOperation: (operation: Operation) => void
  isFull: boolean
  /** Whether a bit was flipped on it. */
  isFlipped: boolean
  /** The next sync fails; whether what was written stays then is up to fate. */
  nextSyncFails: { readonly keepsWrites: boolean } | undefined
  /** The system writes what a process that has ended has left behind. */
  keepAll(): void
  /** Loses of the chunks that were not synced as much as fate wants. */
  losePower(random: Random): PowerLoss
  /** Flips one bit of a synced chunk that is not the last; false if there is none. */
  flipBit(random: Random): boolean
  /** A copy, of what a reader sees now. */
  image(): DiskImage
  /** Becomes another disk. */
  become(image: DiskImage): void
}

/** Where a process may end: before a write, in the middle of it, after it, after the sync. */
export type Operation = 'write' | 'written' | 'synced'
export type PowerLoss = 'nothing' | 'all' | 'part' | 'torn'
export type DiskImage = readonly Uint8Array[]

/** A failure with the code that SQLite gives it. */
export class DiskFault extends Error {
  readonly code: 'SQLITE_FULL' | 'SQLITE_IOERR_FSYNC' | 'SQLITE_IOERR_WRITE'
  constructor(code: DiskFault['code']) {
    super(`The disk failed: ${code}`)
    this.code = code
  }
}

export const createDisk = (): DiskFate => {
  let chunks: Uint8Array[] = []
  let synced = 0
  /** Before this nothing is torn. */
  let sound = 0

  const disk: Disk = {
    append: (chunk) => {
      fate.onOperation('write')
      if (fate.isFull) throw new DiskFault('SQLITE_FULL')
      chunks.push(chunk)
      fate.onOperation('written')
    },
    sync: () => {
      const failure = fate.nextSyncFails
      if (failure) {
        fate.nextSyncFails = undefined
        // As Linux does it: the pages are marked clean, and whether they reached the disk nobody knows.
        if (failure.keepsWrites) synced = chunks.length
        else chunks.length = synced
        throw new DiskFault('SQLITE_IOERR_FSYNC')
      }
      synced = chunks.length
      sound = synced
      fate.onOperation('synced')
    },
    takeBack: () => {
      chunks.length = synced
    },
    cutOff: (count) => {
      chunks.length = count
      synced = Math.min(synced, count)
      sound = Math.min(sound, count)
    },
    chunks: () => chunks,
  }

  const fate: DiskFate = {
    disk,
    onOperation: () => {},
    isFull: false,
    isFlipped: false,
    nextSyncFails: undefined,

    keepAll: () => {
      synced = chunks.length
    },

    losePower: (random) => {
      const tail = chunks.slice(synced)
      if (tail.length === 0) return 'nothing'
      const loss = random.pick(['nothing', 'all', 'part', 'torn'] as const)
      if (loss === 'all') chunks.length = synced
      if (loss === 'part') chunks.length = random.between(synced, chunks.length)
      if (loss === 'torn') {
        const at = random.between(synced, chunks.length - 1)
        chunks[at] = tear(chunks[at] ?? new Uint8Array(), random)
        if (random.chance(0.5)) chunks.length = at + 1
      }
      // What is left was on the disk after all.
      synced = chunks.length
      return loss
    },

    flipBit: (random) => {
      // In what is whole and nothing whole follows, a flipped bit cannot be told from a power cut in the
      // middle of a write: who reads it takes what was acknowledged for what never was.
      if (sound < 2) return false
      const chunk = chunks[random.below(sound - 1)]
      if (!chunk || chunk.length === 0) return false
      const at = random.below(chunk.length)
      chunk[at] = (chunk[at] ?? 0) ^ (1 << random.below(8))
      fate.isFlipped = true
      return true
    },

    image: () => chunks.map((chunk) => chunk.slice()),
    become: (image) => {
      chunks = image.map((chunk) => chunk.slice())
      synced = chunks.length
      sound = synced
      fate.isFlipped = false
    },
  }
  return fate
}

const sectorBytes = 512

// Sectors reach a disk in any order: some are there, and others are what was there before.
const tear = (chunk: Uint8Array, random: Random): Uint8Array => {
  if (random.chance(0.5)) return chunk.slice(0, random.below(chunk.length))
  const torn = chunk.slice()
  const lost = random.below(Math.ceil(chunk.length / sectorBytes))
  torn.fill(0, lost * sectorBytes, (lost + 1) * sectorBytes)
  return torn
}
