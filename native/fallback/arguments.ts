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

/** The first `length` bytes; throws `bad_argument` unless there are as many, and no more than `most`. */
export const firstOf = (bytes: Uint8Array, length: number, most: number): Uint8Array => {
  assertBytes(bytes)
  assertInteger(length, 0, most)
  if (length > bytes.length) throw bad('A length is beyond its buffer')
  return bytes.subarray(0, length)
}

const bad = (sentence: string) => nativeFault('bad_argument', sentence)
