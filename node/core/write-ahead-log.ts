/**
 * Looks for damage in a write-ahead log that SQLite would pass over in silence.
 *
 * SQLite reads the log up to the first frame that fails its checksum, and takes that for the end. It
 * has to: after a power cut the last transaction may be there in pieces, and was never acknowledged.
 * But a flipped bit in the middle looks the same to it, and everything after would be gone without a
 * word. What tells them apart is that a transaction is written only after the one before is on the
 * disk: behind a torn transaction there can be no other.
 *
 * Source: https://sqlite.org/walformat.html
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

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

export const examineWriteAheadLog = (file: string): WalCondition => {
  const descriptor = openIfThere(file)
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
    const bytes = read(descriptor, headerBytes + (frame - 1) * frameBytes, frameBytes)
    // Frames with other salts were left behind by an earlier log in the same file.
    const isOurs =
      bytes.getUint32(8) === header.getUint32(16) && bytes.getUint32(12) === header.getUint32(20)
    if (brokenAt === 0) {
      sums = checksum(bytes, { from: 0, to: 8, isLittleEndian, sums })
      sums = checksum(bytes, { from: frameHeaderBytes, to: frameBytes, isLittleEndian, sums })
      if (isOurs && matches(bytes, 16, sums)) continue
      brokenAt = frame
    }
    const isCommit = bytes.getUint32(4) !== 0
    if (isOurs && isCommit) commitsBeyond++
  }
  if (commitsBeyond === 0) return { kind: 'whole' }
  return { kind: commitsBeyond === 1 ? 'torn' : 'damaged', frame: brokenAt }
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

const openIfThere = (file: string): number | undefined => {
  try {
    return openSync(file, 'r')
  } catch {
    return undefined
  }
}
