/** The map of `memory.ts`, in one thread: a `Map` whose keys are the bytes as a string of Latin-1. */

import { keyBytesMax, mapExpectedMax, valueBytesMax } from '../limits.ts'
import type { ByteMap, Held } from '../memory.ts'
import { assertBytes, assertInteger, firstOf } from './arguments.ts'

// What the C++ map keeps beside key and value.
const entryHeadBytes = 8

export const createByteMap =
  (counted: (bytes: number) => void) =>
  ({ expected }: { readonly expected: number }): Omit<ByteMap, keyof Held> => {
    assertInteger(expected, 0, mapExpectedMax)
    const values = new Map<string, Uint8Array>()
    let bytes = 0

    const nameOf = (key: Uint8Array): string => {
      const whole = firstOf(key, undefined, keyBytesMax)
      return Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength).toString('latin1')
    }
    const sizeOf = (name: string, value: Uint8Array | undefined): number =>
      value ? entryHeadBytes + name.length + value.length : 0
    const replace = (name: string, before?: Uint8Array, after?: Uint8Array) => {
      const more = sizeOf(name, after) - sizeOf(name, before)
      counted(more)
      bytes += more
    }

    return {
      get: (key, target) => {
        assertBytes(key)
        assertBytes(target)
        const value = values.get(nameOf(key))
        if (value && value.length > 0 && value.length <= target.length) target.set(value)
        return value?.length
      },
      set: (key, value) => {
        const name = nameOf(key)
        const kept = firstOf(value, undefined, valueBytesMax).slice()
        const before = values.get(name)
        replace(name, before, kept)
        values.set(name, kept)
        return before === undefined
      },
      remove: (key) => {
        const name = nameOf(key)
        const before = values.get(name)
        replace(name, before)
        return values.delete(name)
      },
      size: () => values.size,
      bytes: () => bytes,
      scan: (visit) => {
        for (const [name, value] of values) visit(Buffer.from(name, 'latin1'), value.slice())
      },
    }
  }
