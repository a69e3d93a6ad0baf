/**
 * A causal state is a dot store and the context of all dots it has seen. States and deltas are the
 * same thing: a delta is a small state, and joining it is all there is to applying it.
 */

import * as causalContext from './causal-context.ts'
import type { CausalContext } from './causal-context.ts'
import * as codec from './codec.ts'
import type { Decoder, Encoder } from './codec.ts'
import { compareTexts } from './codec.ts'
import type { ReplicaId } from './dot.ts'
import type { ReadTable, ReplicaTable, Shape } from './dot-store.ts'
import type { Lattice } from './lattice.ts'
import { counterOf } from './version-vector.ts'

export interface Causal<S> {
  readonly store: S
  readonly context: CausalContext
}

/** The lattice of causal states over stores of one shape. */
export const lattice = <S>(shape: Shape<S>): Lattice<Causal<S>> => ({
  bottom: { store: shape.bottom, context: causalContext.bottom },
  join: (a, b) => ({
    store: shape.join(a.store, b.store, { a: a.context, b: b.context }),
    context: causalContext.join(a.context, b.context),
  }),
  encode: (state) => encode(shape, state),
  decode: (bytes) => decode(shape, bytes),
})

const version = 1

const encode = <S>(shape: Shape<S>, { store, context }: Causal<S>): Uint8Array =>
  codec.encode((encoder) => {
    codec.writeByte(encoder, version)
    const replicas = [...new Set([...context.vector.keys(), ...context.cloud.keys()])].sort()
    codec.writeUint(encoder, replicas.length)
    for (const replica of replicas) {
      codec.writeReplica(encoder, replica)
      codec.writeUint(encoder, counterOf(context.vector, replica))
      writeCloud(encoder, context.cloud.get(replica) ?? [], counterOf(context.vector, replica))
    }
    const table: ReplicaTable = new Map(replicas.map((replica, index) => [replica, index]))
    shape.write(encoder, store, table)
  })

const decode = <S>(shape: Shape<S>, bytes: Uint8Array): Causal<S> =>
  codec.decode(bytes, (decoder) => {
    codec.check(codec.readByte(decoder) === version, 'A state has an unknown version')
    const context = causalContext.mutable(causalContext.bottom)
    const replicas = codec.readAscending(decoder, {
      count: codec.readCount(decoder, 10),
      read: () => readReplicaContext(decoder, context),
      key: (replica) => replica,
      compare: compareTexts,
    })
    const table: ReadTable = { replicas, context, dots: new Set() }
    return { store: shape.read(decoder, table), context }
  })

// The cloud is written as the gaps between its counters: small numbers, and only one way to say it.
const writeCloud = (encoder: Encoder, counters: Iterable<number>, last: number): void => {
  const sorted = [...counters].sort((x, y) => x - y)
  codec.writeUint(encoder, sorted.length)
  let previous = last
  for (const counter of sorted) {
    codec.writeUint(encoder, counter - previous)
    previous = counter
  }
}

const readReplicaContext = (
  decoder: Decoder,
  { vector, cloud }: causalContext.MutableContext,
): ReplicaId => {
  const replica = codec.readReplica(decoder)
  const last = codec.readUint(decoder)
  const count = codec.readCount(decoder)
  codec.check(last > 0 || count > 0, 'A replica of which nothing was seen is listed')
  const beyond = new Set<number>()
  let previous = last
  for (let index = 0; index < count; index++) {
    const gap = codec.readUint(decoder)
    codec.check(gap > (index === 0 ? 1 : 0), 'A cloud does not begin with a gap, or repeats itself')
    previous += gap
    codec.check(Number.isSafeInteger(previous), 'A counter is out of range')
    beyond.add(previous)
  }
  if (last > 0) vector.set(replica, last)
  if (beyond.size > 0) cloud.set(replica, beyond)
  return replica
}
