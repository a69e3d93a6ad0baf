/**
 * What all binary codecs here share: one error, and readers that cannot be made to misbehave.
 *
 * A decoder is total: whatever the bytes, it returns a value or throws a `DecodeError`, and it never
 * allocates more than the input's size allows. It accepts only the bytes that the encoder would have
 * written, so that equal values and equal bytes are the same thing.
 */

import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { assert } from './assert.ts'
import { replicaIdOf, type ReplicaId } from './dot.ts'

export type Encoder = encoding.Encoder
export type Decoder = decoding.Decoder

/** The bytes are not what they should be. The state they were meant for is unchanged. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  /** Whether they may be what a later release writes. */
  readonly isOfLater: boolean

  constructor(problem: string, options: ErrorOptions & { readonly isOfLater?: boolean } = {}) {
    super(problem, options)
    this.isOfLater = options.isOfLater ?? false
  }
}

export const encode = (write: (encoder: Encoder) => void): Uint8Array => {
  const { encoder, isTaken } = scratch
  if (isTaken) return encodeWith(encoding.createEncoder(), write)
  scratch.isTaken = true
  try {
    return encodeWith(encoder, write)
  } finally {
    // What did not fit went into buffers of its own, and they are not kept.
    encoder.cbuf = scratch.bytes
    encoder.cpos = 0
    encoder.bufs.length = 0
    scratch.isTaken = false
  }
}

const encodeWith = (encoder: Encoder, write: (encoder: Encoder) => void): Uint8Array => {
  write(encoder)
  return encoding.toUint8Array(encoder)
}

// One buffer for all encodings, taken for the length of one: to begin each with a small one and let it
// grow costs as much as to write into it.
const createScratch = (bytesMax: number) => {
  const encoder = encoding.createEncoder()
  const bytes = new Uint8Array(bytesMax)
  encoder.cbuf = bytes
  return { encoder, bytes, isTaken: false }
}
const scratch = createScratch(16 * 1_024)

/** What `read` makes of all of `bytes`; anything thrown on the way becomes a `DecodeError`. */
export const decode = <T>(bytes: Uint8Array, read: (decoder: Decoder) => T): T => {
  const decoder = decoding.createDecoder(bytes)
  let value: T
  try {
    value = read(decoder)
  } catch (error) {
    if (error instanceof DecodeError) throw error
    throw new DecodeError('The bytes end early or hold a number out of range', { cause: error })
  }
  if (decoding.hasContent(decoder)) throw new DecodeError('There are bytes after the end')
  return value
}

export const check: (condition: boolean, problem: string) => asserts condition = (
  condition,
  problem,
) => {
  if (!condition) throw new DecodeError(problem)
}

export const remaining = (decoder: Decoder): number => decoder.arr.length - decoder.pos

export const writeByte = encoding.writeUint8
export const readByte = decoding.readUint8

export const writeUint = encoding.writeVarUint

/** An unsigned integer up to 2^53 - 1, in its shortest form only. */
export const readUint = (decoder: Decoder): number => {
  const start = decoder.pos
  const value = decoding.readVarUint(decoder)
  const isShortest = decoder.pos - start === 1 || decoder.arr[decoder.pos - 1] !== 0
  check(isShortest, 'An integer is not in its shortest form')
  // lib0 looks at the bound before the last byte only.
  check(Number.isSafeInteger(value), 'An integer is out of range')
  return value
}

/** How many items follow, when each takes at least `itemBytesMin`: never more than could be there. */
export const readCount = (decoder: Decoder, itemBytesMin = 1): number => {
  const count = readUint(decoder)
  check(count * itemBytesMin <= remaining(decoder), 'A count exceeds the bytes that follow')
  return count
}

export const writeBytes = encoding.writeVarUint8Array

/** A view of the bytes that follow, not a copy. */
export const readBytes = (decoder: Decoder): Uint8Array =>
  decoding.readUint8Array(decoder, readCount(decoder))

/** Half a surrogate pair has no UTF-8: two texts with one could not be told apart once written. */
export const writeText = (encoder: Encoder, text: string): void => {
  if (text.length <= shortMax && writeAscii(encoder, text)) return
  assert(text.isWellFormed(), 'text is well-formed Unicode')
  encoding.writeVarString(encoder, text)
}

// Most texts are short and ASCII, and take longer to reach the platform's encoder than to write.
const shortMax = 32

/** Writes nothing and answers false if `text`, of at most `shortMax`, is not all ASCII. */
const writeAscii = (encoder: Encoder, text: string): boolean => {
  encoding.verifyLen(encoder, 1 + text.length)
  const { cbuf, cpos } = encoder
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) return false
    cbuf[cpos + 1 + index] = code
  }
  cbuf[cpos] = text.length
  encoder.cpos = cpos + 1 + text.length
  return true
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text in well-formed UTF-8. */
export const readText = (decoder: Decoder): string => {
  const bytes = readCount(decoder)
  const ascii = bytes <= wordMax ? readAscii(decoder, bytes) : undefined
  return ascii ?? utf8.decode(decoding.readUint8Array(decoder, bytes))
}

// A word is put together faster than the platform decodes it; longer text would be joined from parts.
const wordMax = 12

/** Reads nothing and answers undefined if the next `count` bytes are not all ASCII. */
const readAscii = (decoder: Decoder, count: number): string | undefined => {
  const { arr, pos } = decoder
  let text = ''
  for (let at = pos; at < pos + count; at++) {
    const code = arr[at] ?? 0
    if (code > 0x7f) return undefined
    text += String.fromCharCode(code)
  }
  decoder.pos = pos + count
  return text
}

export const writeReplica = (encoder: Encoder, replica: ReplicaId): void => {
  for (let at = 0; at < 16; at += 2) {
    encoding.writeUint8(encoder, digitAt(replica, at) * 16 + digitAt(replica, at + 1))
  }
}

const digitAt = (replica: ReplicaId, at: number): number => {
  const code = replica.charCodeAt(at)
  return code <= codeOf9 ? code - codeOf0 : code - codeOfA + 10
}

const codeOf0 = 0x30
const codeOf9 = 0x39
const codeOfA = 0x61

export const readReplica = (decoder: Decoder): ReplicaId => {
  check(remaining(decoder) >= 8, 'A replica id is cut short')
  return replicaIdOf(decoding.readUint8Array(decoder, 8))
}

/** Reads `count` items whose keys must rise strictly: no duplicates, one order. */
export const readAscending = <K, T>(
  decoder: Decoder,
  { count, read, key, compare }: AscendingItems<K, T>,
): T[] => {
  const items: T[] = []
  let last: K | undefined
  for (let index = 0; index < count; index++) {
    const item = read(decoder)
    const itemKey = key(item)
    check(last === undefined || compare(last, itemKey) < 0, 'Items are not in strict order')
    last = itemKey
    items.push(item)
  }
  return items
}

export interface AscendingItems<K, T> {
  readonly count: number
  readonly read: (decoder: Decoder) => T
  readonly key: (item: T) => K
  readonly compare: (a: K, b: K) => number
}

/** The order of texts in canonical encodings: by UTF-16 code units, as JavaScript compares them. */
export const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
