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

import { createHash } from 'node:crypto'

export const digestBytes = 32

export const empty = (): Uint8Array => new Uint8Array(digestBytes)

/** What one document adds to the sum. */
export const documentHash = (kind: string, id: string, bytes: Uint8Array): Uint8Array =>
  createHash('sha256').update(`${kind}/${id}\0`).update(bytes).digest()

/** The sum after a document that added `before` (none if it is new) adds `after`. */
export const replace = (
  sum: Uint8Array,
  before: Uint8Array | undefined,
  after: Uint8Array,
): Uint8Array => {
  const lanes = lanesOf(sum.slice())
  const added = lanesOf(after)
  const removed = before && lanesOf(before)
  for (let lane = 0; lane < digestBytes; lane += 4) {
    const left = lanes.getUint32(lane) - (removed?.getUint32(lane) ?? 0)
    lanes.setUint32(lane, left + added.getUint32(lane))
  }
  return new Uint8Array(lanes.buffer)
}

const lanesOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, digestBytes)

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
