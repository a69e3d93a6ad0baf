/**
 * The digest of a set of documents: equal sets have equal digests, whatever the order in which they
 * came about, and one document's change costs one document's hash.
 *
 * It is the sum of the documents' SHA-256 hashes, in eight lanes of 32 bits. It finds divergence that
 * happens; it is not made to withstand somebody who may choose the documents.
 *
 * Source: Bellare, Micciancio, "A new paradigm for collision-free hashing: incrementality at reduced
 * cost", 1997.
 */

import { hash as hashOf } from 'node:crypto'

export const digestBytes = 32

export const empty = (): Uint8Array => new Uint8Array(digestBytes)

/** What one document adds to the sum. The id's length keeps an id from running into the bytes. */
export const documentHash = (kind: string, id: string, bytes: Uint8Array): Uint8Array =>
  // In one piece: short texts take longer to hand over piece by piece than to hash.
  hashOf('sha256', Buffer.concat([Buffer.from(`${kind}/${id.length}/${id}`), bytes]), 'buffer')

export interface Sum {
  add(hash: Uint8Array): void
  subtract(hash: Uint8Array): void
  /** The sum as it is now. */
  bytes(): Uint8Array
}

/** A sum that begins at `start`, and leaves `start` as it is. */
export const sumFrom = (start: Uint8Array): Sum => {
  const lanes = lanesOf(start.slice())
  const each = (hash: Uint8Array, combine: (sum: number, lane: number) => number): void => {
    const added = lanesOf(hash)
    for (let at = 0; at < digestBytes; at += 4) {
      lanes.setUint32(at, combine(lanes.getUint32(at), added.getUint32(at)))
    }
  }
  return {
    add: (hash) => each(hash, (sum, lane) => sum + lane),
    subtract: (hash) => each(hash, (sum, lane) => sum - lane),
    bytes: () => new Uint8Array(lanes.buffer).slice(),
  }
}

const lanesOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, digestBytes)

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
