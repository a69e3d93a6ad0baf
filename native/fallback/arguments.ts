/** Checks what a caller hands over, as the C++ module does. */

import { nativeFault } from '../fault.ts'

/** Throws `bad_argument` unless `value` is a whole number within the bounds. */
export const assertInteger = (value: number, least: number, most: number): void => {
  if (typeof value !== 'number') throw bad('A number is missing')
  if (!(value >= least && value <= most)) throw bad('A number is out of its range')
  if (!Number.isInteger(value)) throw bad('A number is not whole')
}

export const assertBytes = (bytes: Uint8Array): void => {
  if (!ArrayBuffer.isView(bytes)) throw bad('A typed array is missing')
  // A Buffer is one too.
  if (!(bytes instanceof Uint8Array)) throw bad('A typed array is of another type')
}

/** Refuses all but an array of 32-bit words. */
export const assertWords = (words: Uint32Array): void => {
  if (!ArrayBuffer.isView(words)) throw bad('A typed array is missing')
  if (!(words instanceof Uint32Array)) throw bad('A typed array is of another type')
}

/** The first `length` bytes, or all; throws `bad_argument` unless there are as many, and no more than `most`. */
export const firstOf = (
  bytes: Uint8Array,
  length: number | undefined,
  most: number,
): Uint8Array => {
  assertBytes(bytes)
  const wanted = length === undefined ? bytes.length : length
  assertInteger(wanted, 0, most)
  if (wanted > bytes.length) throw bad('A length is beyond its buffer')
  // Of a detached buffer there is no subarray.
  return wanted === 0 ? empty : bytes.subarray(0, wanted)
}

const empty = new Uint8Array(0)

const bad = (sentence: string) => nativeFault('bad_argument', sentence)
