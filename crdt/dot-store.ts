/**
 * Dot stores: what a replica still holds, each piece under the dot of the event that put it there.
 *
 * Two constructions are enough. A `DotFun` maps dots to values (a `DotSet` is one whose values say
 * nothing), and a `DotMap` maps keys to stores; a record is a map whose keys are fixed. A `Shape`
 * says how a store of some construction is joined, walked, changed in place and written, so that
 * every type made of them has these for free.
 *
 * How can two stores be joined without tombstones? By asking of each entry that only one side holds
 * whether the other side's context has seen its dot. If it has, it must have removed the entry; if
 * not, the entry is news.
 *
 * Source: Almeida, Shoker, Baquero, 2016 (arXiv:1603.01529), figure 10.
 */

import { assert } from './assert.ts'
import * as causalContext from './causal-context.ts'
import type { CausalContext } from './causal-context.ts'
import * as codec from './codec.ts'
import type { Decoder, Encoder } from './codec.ts'
import { compareDots, dotKey, type Dot, type DotKey, type ReplicaId } from './dot.ts'

export interface Entry<V> {
  readonly dot: Dot
  readonly value: V
}

export type DotFun<V> = ReadonlyMap<DotKey, Entry<V>>
export type DotSet = DotFun<true>
export type DotMap<S> = ReadonlyMap<string, S>

/** The keys that lead from a store to one of its entries. */
export type Path = readonly string[]

/** Where an entry is: the way to the `DotFun` that holds it, and its key there. */
export interface Place {
  readonly path: Path
  readonly key: DotKey
}

/** Both sides' contexts, while their stores are joined. */
export interface Seen {
  readonly a: CausalContext
  readonly b: CausalContext
}

// Methods and not function properties, so that a shape of some store is a shape of an unknown one.
export interface Shape<S> {
  /** The name of the type that is made of it, as a person is told it: `or-set`. */
  readonly type: string
  readonly bottom: S
  isEmpty(store: S): boolean
  /** What survives of two stores: pure, at a cost that depends on both. */
  join(a: S, b: S, seen: Seen): S
  /** Shows every entry once, with its path. */
  visit(store: S, show: Show, at?: Path): void
  /** A copy that `put` and `drop` may change in place. */
  thaw(store: S): S
  /** Puts an entry of a store of the same shape in the same place. */
  put(store: S, place: Place, entry: Entry<unknown>, depth?: number): void
  drop(store: S, place: Place, depth?: number): void
  write(encoder: Encoder, store: S, replicas: ReplicaTable): void
  /** Reads entries of dots in `table.context` only; each dot at most once. */
  read(decoder: Decoder, table: ReadTable): S
}

export type Show = (entry: Entry<unknown>, path: Path, key: DotKey) => void

/** The shape under the name of the type that is made of it. */
export const named = <S>(type: string, shape: Shape<S>): Shape<S> => ({ ...shape, type })

/** Replicas by their index in one encoding, so that a dot costs a few bytes and not eight. */
export type ReplicaTable = ReadonlyMap<ReplicaId, number>

export interface ReadTable {
  readonly replicas: readonly ReplicaId[]
  readonly context: CausalContext
  /** The dots read so far. */
  readonly dots: Set<DotKey>
}

/** How the values of a `DotFun` are written; `read` throws a `DecodeError` on what is none. */
export interface Payload<V> {
  readonly write: (encoder: Encoder, value: V) => void
  readonly read: (decoder: Decoder) => V
}

export const dotFun = <V>(payload: Payload<V>): Shape<DotFun<V>> => ({
  type: 'dot-fun',
  bottom: new Map(),
  isEmpty: (store) => store.size === 0,
  join: (a, b, seen) => {
    const joined = new Map<DotKey, Entry<V>>()
    for (const [key, entry] of a) {
      if (b.has(key) || !causalContext.has(seen.b, entry.dot)) joined.set(key, entry)
    }
    for (const [key, entry] of b) if (!causalContext.has(seen.a, entry.dot)) joined.set(key, entry)
    return joined
  },
  visit: (store, show, at = []) => {
    for (const [key, entry] of store) show(entry, at, key)
  },
  thaw: (store) => new Map(store),
  put: (store, { key }, entry) => {
    thawed(store).set(key, entry as Entry<V>)
  },
  drop: (store, { key }) => {
    thawed(store).delete(key)
  },
  write: (encoder, store, replicas) => {
    const entries = [...store.values()]
    if (entries.length > 1) entries.sort((x, y) => compareDots(x.dot, y.dot))
    codec.writeUint(encoder, entries.length)
    for (const { dot, value } of entries) {
      writeDot(encoder, dot, replicas)
      payload.write(encoder, value)
    }
  },
  read: (decoder, table) => {
    const store = new Map<DotKey, Entry<V>>()
    let last: Dot | undefined
    for (let left = codec.readCount(decoder, 2); left > 0; left--) {
      const dot = readDot(decoder, table)
      codec.check(!last || compareDots(last, dot) < 0, 'Dots are not in strict order')
      last = dot
      store.set(onlyOnce(dot, table), { dot, value: payload.read(decoder) })
    }
    return store
  },
})

/** The shape of a `DotSet`. */
export const dotSet: Shape<DotSet> = dotFun<true>({ write: () => {}, read: () => true })

export const dotMap = <S>(of: Shape<S>): Shape<DotMap<S>> => ({
  type: 'dot-map',
  bottom: new Map(),
  isEmpty: (store) => store.size === 0,
  join: (a, b, seen) => {
    const joined = new Map<string, S>()
    for (const key of new Set([...a.keys(), ...b.keys()])) {
      const store = of.join(a.get(key) ?? of.bottom, b.get(key) ?? of.bottom, seen)
      if (!of.isEmpty(store)) joined.set(key, store)
    }
    return joined
  },
  visit: (store, show, at = []) => {
    for (const [key, inner] of store) of.visit(inner, show, [...at, key])
  },
  thaw: (store) => {
    const copy = new Map<string, S>()
    for (const [key, inner] of store) copy.set(key, of.thaw(inner))
    return copy
  },
  put: (store, place, entry, depth = 0) => {
    const key = keyAt(place, depth)
    let inner = store.get(key)
    if (inner === undefined) {
      inner = of.thaw(of.bottom)
      thawed(store).set(key, inner)
    }
    of.put(inner, place, entry, depth + 1)
  },
  drop: (store, place, depth = 0) => {
    const key = keyAt(place, depth)
    const inner = store.get(key)
    if (inner === undefined) return
    of.drop(inner, place, depth + 1)
    if (of.isEmpty(inner)) thawed(store).delete(key)
  },
  write: (encoder, store, replicas) => {
    const entries = [...store]
    if (entries.length > 1) entries.sort(([x], [y]) => codec.compareTexts(x, y))
    codec.writeUint(encoder, entries.length)
    for (const [key, inner] of entries) {
      codec.writeText(encoder, key)
      of.write(encoder, inner, replicas)
    }
  },
  read: (decoder, table) => {
    const store = new Map<string, S>()
    let last: string | undefined
    for (let left = codec.readCount(decoder, 3); left > 0; left--) {
      const key = codec.readText(decoder)
      codec.check(last === undefined || last < key, 'Keys are not in strict order')
      last = key
      const inner = of.read(decoder, table)
      codec.check(!of.isEmpty(inner), 'A key leads to nothing')
      store.set(key, inner)
    }
    return store
  },
})

/** A field of a record: a number that names it on the wire for ever, and its shape. */
export type Field<S = unknown> = readonly [number: number, shape: Shape<S>]
export type Fields = Readonly<Record<string, Field>>
export type RecordStore<F extends Fields> = {
  readonly [N in keyof F]: F[N] extends Field<infer S> ? S : never
}

/** A store of named stores of different shapes. */
export const dotRecord = <F extends Fields>(fields: F): Shape<RecordStore<F>> => {
  type Store = Record<string, unknown>
  const inOrder = Object.entries(fields)
    .map(([name, [number, shape]]) => ({ name, number, shape, path: [name] }))
    .sort((x, y) => x.number - y.number)
  const byNumber = new Map(inOrder.map((field) => [field.number, field]))
  assert(byNumber.size === inOrder.length, 'every field of a record has a number of its own')
  const bottom: Store = Object.fromEntries(inOrder.map(({ name, shape }) => [name, shape.bottom]))
  const shapeOf = (name: string) => {
    const field = fields[name]
    assert(field !== undefined, `a path leads through a field of the record, not through ${name}`)
    return field[1]
  }

  const shape: Shape<Store> = {
    type: 'dot-record',
    bottom,
    isEmpty: (store) => inOrder.every(({ name, shape }) => shape.isEmpty(store[name])),
    join: (a, b, seen) => {
      const joined = { ...bottom }
      for (const { name, shape } of inOrder) joined[name] = shape.join(a[name], b[name], seen)
      return joined
    },
    visit: (store, show, at = []) => {
      for (const { name, shape, path } of inOrder) {
        shape.visit(store[name], show, at.length === 0 ? path : [...at, name])
      }
    },
    thaw: (store) => {
      const copy = { ...bottom }
      for (const { name, shape } of inOrder) copy[name] = shape.thaw(store[name])
      return copy
    },
    put: (store, place, entry, depth = 0) => {
      const name = keyAt(place, depth)
      shapeOf(name).put(store[name], place, entry, depth + 1)
    },
    drop: (store, place, depth = 0) => {
      const name = keyAt(place, depth)
      shapeOf(name).drop(store[name], place, depth + 1)
    },
    write: (encoder, store, replicas) => {
      const present = inOrder.filter(({ name, shape }) => !shape.isEmpty(store[name]))
      codec.writeUint(encoder, present.length)
      for (const { name, number, shape } of present) {
        codec.writeUint(encoder, number)
        shape.write(encoder, store[name], replicas)
      }
    },
    read: (decoder, table) => {
      const store = { ...bottom }
      let last = -1
      for (let left = codec.readCount(decoder, 2); left > 0; left--) {
        const number = codec.readUint(decoder)
        codec.check(last < number, 'Fields are not in strict order')
        last = number
        const field = byNumber.get(number)
        if (!field) throw new codec.DecodeError(`There is no field ${number}`, { isOfLater: true })
        const inner = field.shape.read(decoder, table)
        codec.check(!field.shape.isEmpty(inner), 'A field leads to nothing')
        store[field.name] = inner
      }
      return store
    },
  }
  // The record's static type names each field's store; at run time it is a plain object of them.
  return shape as Shape<RecordStore<F>>
}

const writeDot = (encoder: Encoder, { replica, counter }: Dot, replicas: ReplicaTable): void => {
  const index = replicas.get(replica)
  assert(index !== undefined, 'the context has seen every dot of its store')
  codec.writeUint(encoder, index)
  codec.writeUint(encoder, counter)
}

const readDot = (decoder: Decoder, { replicas, context }: ReadTable): Dot => {
  const replica = replicas[codec.readUint(decoder)]
  if (replica === undefined) throw new codec.DecodeError('A dot names an unknown replica')
  const dot = { replica, counter: codec.readUint(decoder) }
  codec.check(dot.counter > 0 && causalContext.has(context, dot), 'A dot is not in its context')
  return dot
}

const onlyOnce = (dot: Dot, { dots }: ReadTable): DotKey => {
  const key = dotKey(dot)
  codec.check(!dots.has(key), 'A dot names two things')
  dots.add(key)
  return key
}

const keyAt = ({ path }: Place, depth: number): string => {
  const key = path[depth]
  assert(key !== undefined, 'a path is as long as its store is deep')
  return key
}

// Only stores that `thaw` has copied are ever changed; their maps are plain maps.
const thawed = <K, V>(store: ReadonlyMap<K, V>): Map<K, V> => store as Map<K, V>
