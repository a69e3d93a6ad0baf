/**
 * Which documents a node has, as a list sorted by key, of which any range can be summed up at once.
 *
 * A document's key is a hash of its name, so that documents lie evenly over the key space whatever
 * they are called. Two documents may share a key: they lie side by side and are exchanged together,
 * so that a collision costs a few bytes and never a document.
 *
 * How is a range summed up without walking it? The sum of the hashes before every 16th document is
 * kept; a range is the difference of two sums and a few hashes at its ends.
 */

import { hash as digestOf } from 'node:crypto'
import { assert } from '../crdt/assert.ts'

/** The place of a document in the key space: a whole number of 48 bits, exact in a double. */
export type DocumentKey = number

export const keyBits = 48
export const keyEnd = 2 ** keyBits

/** The key of a document: the first 48 bits of the SHA-256 of `kind/id`. */
export const keyOf = (kind: string, id: string): DocumentKey =>
  // In hexadecimal, because a number is made of that sooner than of a buffer.
  Number.parseInt(digestOf('sha256', `${kind}/${id}`, 'hex').slice(0, keyBits / 4), 16)

export const hashBytes = 32
export const hashWords = hashBytes / 4
const blockDocuments = 16

export interface DocumentIndex {
  readonly count: number
  /** Rising; equal keys side by side. */
  readonly keys: Float64Array
  /** The documents' hashes in the order of the keys, eight words each. */
  readonly hashes: Uint32Array
  /** Before every 16th document, the sum of all hashes before it, lane by lane. */
  readonly sums: Uint32Array
}

export interface IndexBuilder {
  /** Adds a document, in any order, by its 32-byte hash. Equal hashes are equal documents. */
  add(kind: string, id: string, hash: Uint8Array): void
  /** Sorts and sums up, and lets others have their turn (`breathe`) every few milliseconds. */
  finish(breathe: () => Promise<void>): Promise<DocumentIndex>
}

export const createIndexBuilder = (): IndexBuilder => {
  let count = 0
  let keys = new Float64Array(1_024)
  let hashes = new Uint32Array(1_024 * hashWords)

  const grow = (): void => {
    const moreKeys = new Float64Array(keys.length * 2)
    const moreHashes = new Uint32Array(hashes.length * 2)
    moreKeys.set(keys)
    moreHashes.set(hashes)
    keys = moreKeys
    hashes = moreHashes
  }

  return {
    add: (kind, id, hash) => {
      assert(hash.length === hashBytes, 'a document hash has 32 bytes')
      if (count === keys.length) grow()
      keys[count] = keyOf(kind, id)
      const words = new DataView(hash.buffer, hash.byteOffset, hashBytes)
      for (let lane = 0; lane < hashWords; lane++) {
        hashes[count * hashWords + lane] = words.getUint32(lane * 4)
      }
      count++
    },
    finish: async (breathe) => {
      const order = await sortedOrder(keys.subarray(0, count), breathe)
      return lay(order, { keys, hashes }, breathe)
    },
  }
}

/** Documents between two breaths: some two milliseconds. */
const sliceDocuments = 8_192

/** Keys are hashes, so their first bits spread them over so many buckets evenly. */
const bucketBits = 12

/** The positions of `keys` in rising order of the keys: a bucket sort, because it can stop anywhere. */
const sortedOrder = async (
  keys: Float64Array,
  breathe: () => Promise<void>,
): Promise<Uint32Array> => {
  const bucketOf = (key: number): number => Math.floor(key / 2 ** (keyBits - bucketBits))
  const ends = new Uint32Array(2 ** bucketBits)
  for (let at = 0; at < keys.length; at++) {
    if (at % sliceDocuments === 0) await breathe()
    ends[bucketOf(keys[at]!)]!++
  }
  let start = 0
  for (let bucket = 0; bucket < ends.length; bucket++) {
    start += ends[bucket]!
    // Filled from its beginning below, each ends where it should.
    ends[bucket] = start - ends[bucket]!
  }
  const order = new Uint32Array(keys.length)
  for (let at = 0; at < keys.length; at++) {
    if (at % sliceDocuments === 0) await breathe()
    order[ends[bucketOf(keys[at]!)]!++] = at
  }
  let sorted = 0
  let breathedAt = 0
  for (const end of ends) {
    order.subarray(sorted, end).sort((a, b) => keys[a]! - keys[b]! || a - b)
    sorted = end
    if (sorted - breathedAt < sliceDocuments) continue
    breathedAt = sorted
    await breathe()
  }
  return order
}

const lay = async (
  order: Uint32Array,
  from: { readonly keys: Float64Array; readonly hashes: Uint32Array },
  breathe: () => Promise<void>,
): Promise<DocumentIndex> => {
  const count = order.length
  const keys = new Float64Array(count)
  const hashes = new Uint32Array(count * hashWords)
  const sums = new Uint32Array((Math.floor(count / blockDocuments) + 1) * hashWords)
  const sum = new Uint32Array(hashWords)
  for (let at = 0; at < count; at++) {
    if (at % sliceDocuments === 0) await breathe()
    const source = order[at]!
    keys[at] = from.keys[source]!
    for (let lane = 0; lane < hashWords; lane++) {
      const word = from.hashes[source * hashWords + lane]!
      hashes[at * hashWords + lane] = word
      sum[lane]! += word
    }
    if ((at + 1) % blockDocuments === 0) sums.set(sum, ((at + 1) / blockDocuments) * hashWords)
  }
  return { count, keys, hashes, sums }
}

/** How many documents have a key below `key`. */
export const rankOf = ({ keys, count }: DocumentIndex, key: DocumentKey): number => {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keys[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}

/** The sum of the hashes of the documents from rank `from` up to and without rank `to`. */
export const sumOf = (index: DocumentIndex, from: number, to: number): Uint32Array => {
  const sum = sumBefore(index, to)
  const before = sumBefore(index, from)
  for (let lane = 0; lane < hashWords; lane++) sum[lane]! -= before[lane]!
  return sum
}

const sumBefore = ({ hashes, sums }: DocumentIndex, rank: number): Uint32Array => {
  const block = Math.floor(rank / blockDocuments)
  const sum = sums.slice(block * hashWords, (block + 1) * hashWords)
  for (let at = block * blockDocuments; at < rank; at++) {
    for (let lane = 0; lane < hashWords; lane++) sum[lane]! += hashes[at * hashWords + lane]!
  }
  return sum
}
