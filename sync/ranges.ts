/**
 * Finding what differs between two sets of documents by comparing ranges: equal fingerprints are equal
 * ranges; a range that differs is split; a small one is listed.
 *
 * Ranges are those that halving the key space gives, so that a range is two small numbers on the wire
 * and both sides cut alike. Keys are hashes and lie evenly, so this costs no more than cutting at
 * documents would.
 *
 * Source: Meyer, "Range-Based Set Reconciliation", 2023 (arXiv:2212.13567).
 */

import { hash as digestOf } from 'node:crypto'
import { assert } from '../crdt/assert.ts'
import { keyBits, rankOf, sumOf, type DocumentIndex, type DocumentKey } from './document-index.ts'
import { surveyLevelMax } from './limits.ts'

/** The keys whose first `level` bits are `place`. */
export interface Range {
  /** From 0, all keys, to `keyBits`, a single one. */
  readonly level: number
  /** From 0 to 2^level - 1. */
  readonly place: number
}

export const startOf = ({ level, place }: Range): DocumentKey => place * 2 ** (keyBits - level)

/** The first key after the range. */
export const endOf = ({ level, place }: Range): DocumentKey => (place + 1) * 2 ** (keyBits - level)

/** A range that differs is cut into 16: a round trip saved is worth more than 100 bytes. */
const splitBits = 4

/** The level of the parts that a range of `level` is cut into. */
export const levelBelow = (level: number): number => Math.min(level + splitBits, keyBits)

/** All ranges at `level` that make up `range`, rising. */
export const partsOf = (range: Range, level: number): Range[] => {
  const count = 2 ** (level - range.level)
  return Array.from({ length: count }, (_, at) => ({ level, place: range.place * count + at }))
}

/** How many documents are in `range`. */
export const countIn = (index: DocumentIndex, range: Range): number =>
  rankOf(index, endOf(range)) - rankOf(index, startOf(range))

/** The level of a survey's first cut: ranges of some 50 documents, as far as the limit on their number allows. */
export const surveyLevelOf = ({ count }: DocumentIndex): number =>
  Math.min(surveyLevelMax, Math.max(0, Math.ceil(Math.log2(count / 64))))

/** Two different ranges look the same once in 2^64; a digest of all documents would still tell. */
export const fingerprintBytes = 8

/**
 * The fingerprints of the parts of `range` at `level`, one behind the other: a truncated SHA-256 of
 * the sum of the documents' hashes and their number. Costs microseconds a part.
 */
export const fingerprintsOf = (index: DocumentIndex, range: Range, level: number): Uint8Array => {
  const parts = partsOf(range, level)
  const fingerprints = new Uint8Array(parts.length * fingerprintBytes)
  let from = rankOf(index, startOf(range))
  parts.forEach((part, at) => {
    const to = rankOf(index, endOf(part))
    fingerprints.set(fingerprintOf(index, from, to), at * fingerprintBytes)
    from = to
  })
  return fingerprints
}

const fingerprintOf = (index: DocumentIndex, from: number, to: number): Uint8Array => {
  if (from === to) return emptyFingerprint
  const words = new Uint32Array(sumWords + 1)
  words.set(sumOf(index, from, to))
  words[sumWords] = to - from
  const bytes = new DataView(new ArrayBuffer(words.length * 4))
  // The machine's own order of bytes must not show.
  words.forEach((word, at) => bytes.setUint32(at * 4, word))
  return digestOf('sha256', bytes, 'buffer').subarray(0, fingerprintBytes)
}

const sumWords = 8

/** What a range without documents looks like. */
export const emptyFingerprint: Uint8Array = new Uint8Array(fingerprintBytes)

/**
 * The parts of `range` at `level` that differ from the peer's by its `fingerprints`, without those
 * where the peer has nothing: there is nothing to fetch.
 */
export const differing = (
  index: DocumentIndex,
  { range, level }: { readonly range: Range; readonly level: number },
  fingerprints: Uint8Array,
): Range[] => {
  const ours = fingerprintsOf(index, range, level)
  assert(ours.length === fingerprints.length, 'there is a fingerprint for every part')
  return partsOf(range, level).filter((_, at) => {
    const [from, to] = [at * fingerprintBytes, (at + 1) * fingerprintBytes]
    const theirs = fingerprints.subarray(from, to)
    return !isSame(theirs, ours.subarray(from, to)) && !isSame(theirs, emptyFingerprint)
  })
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
