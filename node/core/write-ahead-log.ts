/**
 * What SQLite passes over in silence in a write-ahead log: damage, and bytes that only look durable.
 *
 * SQLite reads the log up to the first frame that fails its checksum, and takes that for the end. It
 * has to: after a power cut the last transaction may be there in pieces, and was never acknowledged.
 * But a flipped bit in the middle looks the same to it, and everything after would be gone without a
 * word. What tells them apart is that a transaction is written only after the one before is on the
 * disk: behind a torn transaction there can be no other.
 *
 * Source: https://sqlite.org/walformat.html
 */

import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { rewriteStepBytes } from './limits.ts'

export type WalCondition =
  /** Every committed transaction can be read. */
  | { readonly kind: 'whole' }
  /** The last transaction is in pieces: a power cut before it was acknowledged, or damage. */
  | { readonly kind: 'torn'; readonly frame: number }
  /** Transactions that were acknowledged cannot be read. */
  | { readonly kind: 'damaged'; readonly frame: number }

const headerBytes = 32
const frameHeaderBytes = 24
const magic = 0x377f0682
/** What a disk writes wholly or not at all. */
const sectorBytes = 512

export const examineWriteAheadLog = (file: string): WalCondition => {
  const descriptor = openIfThere(file, 'r')
  if (descriptor === undefined) return { kind: 'whole' }
  try {
    return examine(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

const examine = (descriptor: number): WalCondition => {
  const { size } = fstatSync(descriptor)
  if (size <= headerBytes) return { kind: 'whole' }
  const header = read(descriptor, 0, headerBytes)
  // The lowest bit of the magic number says in which byte order checksums were made.
  const isLittleEndian = header.getUint32(0) === magic
  let sums = checksum(header, { from: 0, to: 24, isLittleEndian, sums: [0, 0] })
  if ((header.getUint32(0) & ~1) !== magic || !matches(header, 24, sums)) {
    return { kind: 'damaged', frame: 0 }
  }

  const frameBytes = frameHeaderBytes + header.getUint32(8)
  const frames = Math.floor((size - headerBytes) / frameBytes)
  let brokenAt = 0
  let commitsBeyond = 0
  for (let frame = 1; frame <= frames; frame++) {
    const at = headerBytes + (frame - 1) * frameBytes
    const bytes = read(descriptor, at, frameBytes)
    // Frames with other salts were left behind by an earlier log in the same file.
    const isOurs =
      bytes.getUint32(8) === header.getUint32(16) && bytes.getUint32(12) === header.getUint32(20)
    sums = checksum(bytes, { from: 0, to: 8, isLittleEndian, sums })
    sums = checksum(bytes, { from: frameHeaderBytes, to: frameBytes, isLittleEndian, sums })
    const isNext = isOurs && matches(bytes, 16, sums)
    if (!isNext && brokenAt === 0) brokenAt = frame
    // Where a sector ends inside the frame's head, a power cut may leave the new log's salts beside what
    // an earlier log said of a commit.
    const isMixed = at % sectorBytes === sectorBytes - 8 && !isNext
    const isCommit = bytes.getUint32(4) !== 0
    if (brokenAt > 0 && isOurs && isCommit && !isMixed) commitsBeyond++
    // Whether the next one follows is told by what this one says of itself.
    sums = [bytes.getUint32(16), bytes.getUint32(20)]
  }
  if (commitsBeyond === 0) return { kind: 'whole' }
  return { kind: commitsBeyond === 1 ? 'torn' : 'damaged', frame: brokenAt }
}

/**
 * Writes the log's bytes over themselves and syncs them, so that what is read of it is on the disk. Only
 * whoever holds the directory's lock may do this, before the database is opened. Throws if it fails.
 *
 * Were they not synced by the process that wrote them? Its sync may have failed. The kernel then takes
 * the pages for clean: they are read back as if they were durable, and no later sync writes them.
 * Whoever goes on from such a transaction loses it in the next power cut, and all that came behind it.
 *
 * Source: Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020.
 */
export const rewriteWriteAheadLog = (file: string): void => {
  const descriptor = openIfThere(file, 'r+')
  if (descriptor === undefined) return
  try {
    const bytes = new Uint8Array(rewriteStepBytes)
    for (let at = 0; ;) {
      const length = readSync(descriptor, bytes, 0, bytes.length, at)
      if (length === 0) break
      for (let done = 0; done < length;) {
        done += writeSync(descriptor, bytes, done, length - done, at + done)
      }
      at += length
    }
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

type Sums = readonly [number, number]

const checksum = (
  view: DataView,
  range: { from: number; to: number; isLittleEndian: boolean; sums: Sums },
): Sums => {
  let [first, second] = range.sums
  for (let at = range.from; at < range.to; at += 8) {
    first = (first + view.getUint32(at, range.isLittleEndian) + second) >>> 0
    second = (second + view.getUint32(at + 4, range.isLittleEndian) + first) >>> 0
  }
  return [first, second]
}

const matches = (view: DataView, at: number, [first, second]: Sums): boolean =>
  view.getUint32(at) === first && view.getUint32(at + 4) === second

const read = (descriptor: number, position: number, length: number): DataView => {
  const bytes = new Uint8Array(length)
  readSync(descriptor, bytes, 0, length, position)
  return new DataView(bytes.buffer)
}

const openIfThere = (file: string, flags: 'r' | 'r+'): number | undefined => {
  try {
    return openSync(file, flags)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
