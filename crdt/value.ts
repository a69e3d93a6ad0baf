/** What a register may hold: JSON without its ambiguities, in one canonical binary form. */

import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { assert } from './assert.ts'
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

export const write = (encoder: Encoder, value: Value, depth = 0): void => {
  assert(depth <= depthMax, 'a value is nested no deeper than it may be')
  if (value === null) codec.writeByte(encoder, tag.null)
  else if (typeof value === 'boolean') codec.writeByte(encoder, value ? tag.true : tag.false)
  else if (typeof value === 'number') writeNumber(encoder, value)
  else if (typeof value === 'string') {
    codec.writeByte(encoder, tag.text)
    codec.writeText(encoder, value)
  } else if (isList(value)) {
    codec.writeByte(encoder, tag.list)
    codec.writeUint(encoder, value.length)
    for (const item of value) write(encoder, item, depth + 1)
  } else {
    const keys = sorted(Object.keys(value))
    codec.writeByte(encoder, tag.object)
    codec.writeUint(encoder, keys.length)
    for (const key of keys) {
      codec.writeText(encoder, key)
      write(encoder, value[key] ?? null, depth + 1)
    }
  }
}

// What was read before is in order, and most of what is written was.
const sorted = (keys: string[]): string[] => {
  for (let at = 1; at < keys.length; at++) if (keys[at - 1]! > keys[at]!) return keys.sort()
  return keys
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value)

const writeNumber = (encoder: Encoder, value: number): void => {
  if (Number.isSafeInteger(value)) {
    codec.writeByte(encoder, value < 0 ? tag.negative : tag.natural)
    codec.writeUint(encoder, Math.abs(value))
  } else {
    assert(Number.isFinite(value), 'a number is finite')
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
      return readList(decoder, depth)
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

// Grows as it is read: a list in a list in a list could otherwise claim room for each of them.
const readList = (decoder: Decoder, depth: number): Value => {
  const list: Value[] = []
  for (let left = codec.readCount(decoder); left > 0; left--) list.push(read(decoder, depth + 1))
  return list
}

const readObject = (decoder: Decoder, depth: number): Value => {
  const object: Record<string, Value> = {}
  let last: string | undefined
  for (let left = codec.readCount(decoder, 2); left > 0; left--) {
    const key = codec.readText(decoder)
    codec.check(last === undefined || last < key, 'Keys are not in strict order')
    last = key
    const value = read(decoder, depth + 1)
    // Assigned, this one key would set the prototype; defined, it is a key like any other.
    if (key === '__proto__') Object.defineProperty(object, key, { ...ownProperty, value })
    else object[key] = value
  }
  return object
}

const ownProperty = { configurable: true, enumerable: true, writable: true }

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
