/**
 * A causal state is a dot store and the context of all dots it has seen. States and deltas are the
 * same thing: a delta is a small state, and joining it is all there is to applying it.
 */

import * as causalContext from './causal-context.ts'
import type { CausalContext, MutableContext } from './causal-context.ts'
import * as codec from './codec.ts'
import type { Decoder, Encoder } from './codec.ts'
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
    shape.write(encoder, store, writeContext(encoder, context))
  })

const decode = <S>(shape: Shape<S>, bytes: Uint8Array): Causal<S> =>
  codec.decode(bytes, (decoder) => {
    codec.check(codec.readByte(decoder) === version, 'A state has an unknown version')
    const context: MutableContext = { vector: new Map(), cloud: new Map() }
    const replicas: ReplicaId[] = []
    for (let left = codec.readCount(decoder, 10); left > 0; left--) {
      const replica = readReplicaContext(decoder, context)
      const last = replicas.at(-1)
      codec.check(last === undefined || last < replica, 'Replicas are not in strict order')
      replicas.push(replica)
    }
    const table: ReadTable = { replicas, context, dots: new Set() }
    return { store: shape.read(decoder, table), context }
  })

const writeContext = (encoder: Encoder, { vector, cloud }: CausalContext): ReplicaTable => {
  const replicas = [...vector.keys()]
  for (const replica of cloud.keys()) if (!vector.has(replica)) replicas.push(replica)
  replicas.sort()
  codec.writeUint(encoder, replicas.length)
  const table = new Map<ReplicaId, number>()
  for (const replica of replicas) {
    const last = counterOf(vector, replica)
    codec.writeReplica(encoder, replica)
    codec.writeUint(encoder, last)
    writeCloud(encoder, cloud.get(replica) ?? [], last)
    table.set(replica, table.size)
  }
  return table
}

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

const readReplicaContext = (decoder: Decoder, { vector, cloud }: MutableContext): ReplicaId => {
  const replica = codec.readReplica(decoder)
  const last = codec.readUint(decoder)
  const count = codec.readCount(decoder)
  codec.check(last > 0 || count > 0, 'A replica of which nothing was seen is listed')
  if (last > 0) vector.set(replica, last)
  if (count === 0) return replica
  const beyond = new Set<number>()
  let previous = last
  for (let index = 0; index < count; index++) {
    const gap = codec.readUint(decoder)
    codec.check(gap > (index === 0 ? 1 : 0), 'A cloud does not begin with a gap, or repeats itself')
    previous += gap
    codec.check(Number.isSafeInteger(previous), 'A counter is out of range')
    beyond.add(previous)
  }
  cloud.set(replica, beyond)
  return replica
}
