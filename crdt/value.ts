/** What a register may hold: JSON without its ambiguities, in one canonical binary form. */

import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import * as codec from './codec.ts'
import type { Decoder, Encoder } from './codec.ts'

/** Numbers are finite and never -0; text is well-formed; objects have no prototype of their own. */
export type Value =
  null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value }

/** Nesting deeper than any shop's data, and far from exhausting the stack. */
export const depthMax = 16

const tag = {
  null: 0,
  false: 1,
  true: 2,
  natural: 3,
  negative: 4,
  float: 5,
  text: 6,
  list: 7,
  object: 8,
} as const

export const write = (encoder: Encoder, value: Value): void => {
  if (value === null) codec.writeByte(encoder, tag.null)
  else if (typeof value === 'boolean') codec.writeByte(encoder, value ? tag.true : tag.false)
  else if (typeof value === 'number') writeNumber(encoder, value)
  else if (typeof value === 'string') {
    codec.writeByte(encoder, tag.text)
    codec.writeText(encoder, value)
  } else if (isList(value)) {
    codec.writeByte(encoder, tag.list)
    codec.writeUint(encoder, value.length)
    for (const item of value) write(encoder, item)
  } else {
    const keys = Object.keys(value).sort(codec.compareTexts)
    codec.writeByte(encoder, tag.object)
    codec.writeUint(encoder, keys.length)
    for (const key of keys) {
      codec.writeText(encoder, key)
      write(encoder, value[key] ?? null)
    }
  }
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value)

const writeNumber = (encoder: Encoder, value: number): void => {
  if (Number.isSafeInteger(value)) {
    codec.writeByte(encoder, value < 0 ? tag.negative : tag.natural)
    codec.writeUint(encoder, Math.abs(value))
  } else {
    codec.writeByte(encoder, tag.float)
    encoding.writeFloat64(encoder, value)
  }
}

export const read = (decoder: Decoder, depth = 0): Value => {
  codec.check(depth <= depthMax, 'A value is nested too deeply')
  const kind = codec.readByte(decoder)
  switch (kind) {
    case tag.null:
      return null
    case tag.false:
      return false
    case tag.true:
      return true
    case tag.natural:
      return codec.readUint(decoder)
    case tag.negative:
      return readNegative(decoder)
    case tag.float:
      return readFloat(decoder)
    case tag.text:
      return codec.readText(decoder)
    case tag.list:
      return Array.from({ length: codec.readCount(decoder) }, () => read(decoder, depth + 1))
    case tag.object:
      return readObject(decoder, depth)
    default:
      throw new codec.DecodeError('A value has an unknown tag')
  }
}

const readNegative = (decoder: Decoder): number => {
  const magnitude = codec.readUint(decoder)
  codec.check(magnitude > 0, 'Zero has no sign')
  return -magnitude
}

const readFloat = (decoder: Decoder): number => {
  const value = decoding.readFloat64(decoder)
  codec.check(
    Number.isFinite(value) && !Number.isSafeInteger(value),
    'A number is not in its shortest form',
  )
  return value
}

const readObject = (decoder: Decoder, depth: number): Value => {
  const entries = codec.readAscending(decoder, {
    count: codec.readCount(decoder, 2),
    read: () => [codec.readText(decoder), read(decoder, depth + 1)] as const,
    key: ([key]) => key,
    compare: codec.compareTexts,
  })
  // fromEntries defines own properties, so that a key "__proto__" stays a plain key.
  return Object.fromEntries(entries)
}

/** Whether two values are the same, whatever the order of their keys. */
export const equals = (a: Value, b: Value): boolean => {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (isList(a) || isList(b)) {
    return (
      isList(a) && isList(b) && a.length === b.length && a.every((item, i) => equals(item, b[i]!))
    )
  }
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equals(a[key]!, b[key]!))
  )
}
