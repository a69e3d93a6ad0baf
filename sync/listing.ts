/**
 * A listing says which documents of a range somebody has, and in which state: a few bytes each. Who
 * gets one can tell which documents the other lacks, or has otherwise.
 */

import {
  hashWords,
  keyEnd,
  rankOf,
  type DocumentIndex,
  type DocumentKey,
} from './document-index.ts'
import { endOf, startOf, type Range } from './ranges.ts'

/** A range, and what of it is there: entries of `entryBytes`, strictly rising. */
export interface Listing extends Range {
  readonly entries: Uint8Array
}

/** The key, and the first bytes of the document's hash: as many as tell two of its states apart. */
const keyBytes = 6
const shortBytes = 8
export const entryBytes = keyBytes + shortBytes

/** Ranges of at most so many of our documents are listed; a further cut would cost as much. */
export const listedMax = 16

/** What `index` has in `range`. Past `entriesMax` it ends: then more is sent than is lacking. */
export const listingOf = (index: DocumentIndex, range: Range, entriesMax: number): Listing => {
  const from = rankOf(index, startOf(range))
  const to = Math.min(rankOf(index, endOf(range)), from + entriesMax)
  const entries: Buffer[] = []
  for (let rank = from; rank < to; rank++) entries.push(entryAt(index, rank))
  // Documents that share a key lie in no order.
  entries.sort(Buffer.compare)
  const distinct = entries.filter((entry, at) => at === 0 || !entry.equals(entries[at - 1]!))
  return { ...range, entries: Buffer.concat(distinct) }
}

const entryAt = ({ keys, hashes }: DocumentIndex, rank: number): Buffer => {
  const entry = Buffer.allocUnsafe(entryBytes)
  entry.writeUIntBE(keys[rank]!, 0, keyBytes)
  entry.writeUInt32BE(hashes[rank * hashWords]!, keyBytes)
  entry.writeUInt32BE(hashes[rank * hashWords + 1]!, keyBytes + 4)
  return entry
}

/** Whether entries rise strictly and lie in their range, as whoever sends them must see to. */
export const isProper = (listing: Listing): boolean => {
  const { entries } = listing
  const [start, end] = [startOf(listing), endOf(listing)]
  for (let at = 0; at < entries.length; at += entryBytes) {
    const key = keyOfEntry(entries, at)
    if (key < start || key >= end) return false
    if (at > 0 && compareAt(entries, at - entryBytes, entries.subarray(at)) >= 0) return false
  }
  return entries.length % entryBytes === 0
}

const keyOfEntry = (entries: Uint8Array, at: number): DocumentKey =>
  Buffer.from(entries.buffer, entries.byteOffset + at, keyBytes).readUIntBE(0, keyBytes)

const compareAt = (entries: Uint8Array, at: number, entry: Uint8Array): number =>
  Buffer.compare(entries.subarray(at, at + entryBytes), entry.subarray(0, entryBytes))

export interface Missing {
  /** Keys under which the listings lack a document that the index has, rising. */
  readonly keys: readonly DocumentKey[]
  /** Below this, nothing else is lacking. */
  readonly next: DocumentKey
}

/**
 * What the owner of `listings`, which are in rising order, lacks of `index` from key `from` on: at
 * most `keysMax` keys, and after a bounded look at the index, so there may be none yet.
 */
export const missingFrom = (
  index: DocumentIndex,
  listings: readonly Listing[],
  { from, keysMax }: { readonly from: DocumentKey; readonly keysMax: number },
): Missing => {
  const keys: DocumentKey[] = []
  let looks = 0
  for (const listing of listings) {
    const end = endOf(listing)
    if (end <= from) continue
    let rank = rankOf(index, Math.max(from, startOf(listing)))
    while (rank < index.count && index.keys[rank]! < end) {
      const key = index.keys[rank]!
      if (keys.length >= keysMax || looks >= looksMax) return { keys, next: key }
      let isMissing = false
      for (; rank < index.count && index.keys[rank] === key; rank++, looks++) {
        isMissing ||= !isListed(listing, entryAt(index, rank))
      }
      if (isMissing) keys.push(key)
    }
  }
  return { keys, next: keyEnd }
}

/** Documents that are looked at in one go: about a millisecond. */
const looksMax = 4_096

const isListed = ({ entries }: Listing, entry: Uint8Array): boolean => {
  let low = 0
  let high = entries.length / entryBytes
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = compareAt(entries, middle * entryBytes, entry)
    if (order === 0) return true
    if (order < 0) low = middle + 1
    else high = middle
  }
  return false
}

/** How many documents of `index` the owner of `listings` lacks. Costs as much as the listings are long. */
export const countMissing = (index: DocumentIndex, listings: readonly Listing[]): number => {
  let missing = 0
  for (const listing of listings) {
    missing += rankOf(index, endOf(listing)) - rankOf(index, startOf(listing))
    for (let at = 0; at < listing.entries.length; at += entryBytes) {
      if (hasEntry(index, listing.entries.subarray(at, at + entryBytes))) missing--
    }
  }
  return missing
}

const hasEntry = (index: DocumentIndex, entry: Uint8Array): boolean => {
  const key = keyOfEntry(entry, 0)
  for (let rank = rankOf(index, key); index.keys[rank] === key && rank < index.count; rank++) {
    if (Buffer.compare(entryAt(index, rank), entry) === 0) return true
  }
  return false
}
