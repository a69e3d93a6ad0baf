/** How the values under dots are written: plain values that satisfy a guard, alone or with a time. */

import * as codec from './codec.ts'
import type { Payload } from './dot-store.ts'
import * as hlc from './hybrid-logical-clock.ts'
import * as value from './value.ts'
import type { Value } from './value.ts'

export const isValue = (_value: Value): _value is Value => true

/** Values that satisfy `isV`. */
export const guarded = <V extends Value>(isV: (value: Value) => value is V): Payload<V> => ({
  write: value.write,
  read: (decoder) => {
    const read = value.read(decoder)
    if (!isV(read)) throw new codec.DecodeError('A value is not of its kind')
    return read
  },
})

/** A value with the reading of its writer's clock; the writer is the replica of its dot. */
export interface Stamped<V> extends hlc.Clock {
  readonly value: V
}

export const stamped = <V extends Value>(
  isV: (value: Value) => value is V,
): Payload<Stamped<V>> => {
  const plain = guarded(isV)
  return {
    write: (encoder, { wallMs, logical, value }) => {
      codec.writeUint(encoder, wallMs)
      codec.writeUint(encoder, logical)
      plain.write(encoder, value)
    },
    read: (decoder) => {
      const wallMs = codec.readUint(decoder)
      const logical = codec.readUint(decoder)
      codec.check(wallMs <= hlc.wallMsMax && logical <= hlc.logicalMax, 'A time is out of range')
      return { wallMs, logical, value: plain.read(decoder) }
    },
  }
}

/** The natural numbers under these names, written in the order of the names given. */
export const naturals = <N extends string>(...names: readonly N[]): Payload<Record<N, number>> => ({
  write: (encoder, counts) => {
    for (const name of names) codec.writeUint(encoder, counts[name])
  },
  read: (decoder) => {
    const entries = names.map((name) => [name, codec.readUint(decoder)])
    return Object.fromEntries(entries) as Record<N, number>
  },
})
