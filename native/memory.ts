/**
 * Memory that all threads of a process use at once: the structures by the interface that the C++ module
 * and its twin in plain TypeScript share.
 *
 * Every structure has an `id`, a number that may be sent to another thread, which opens the same
 * structure by it. A structure lives until the last thread that holds it closes it or ends.
 */

export interface Memory {
  /** Whether other threads see it: the twin's structures are their own thread's alone. */
  readonly isShared: boolean
  readonly queues: Maker<Queue, { readonly capacity: number }>
  readonly unboundedQueues: Maker<UnboundedQueue>
  readonly maps: Maker<ByteMap, { readonly expected: number }>
  readonly gates: Maker<Gates, { readonly count: number }>
  readonly tokenBuckets: Maker<TokenBuckets, BucketOptions>
  readonly bells: Maker<Bell>
  /** What the structures hold of the process's memory. */
  usage(): MemoryUsage
  /** The most that is taken from the system, for all threads; what needs more throws `no_memory`. */
  limit(bytesMax: number): void
  /** Frees what this thread replaced or removed, and gives back to the system what nobody needs. */
  collect(): void
}

/** All throw a `NativeFault`: `no_memory` when there is none, `closed` when nobody holds the id any more. */
export interface Maker<Structure, Options = void> {
  create(options: Options): Structure
  open(id: number): Structure
}

export interface Held {
  readonly id: number
  /** Lets go of it in this thread; every later use here throws `closed`. */
  close(): void
}

/**
 * A bounded queue of byte strings, for any number of producers and consumers. What one producer pushes
 * is popped in that order.
 */
export interface Queue extends Held {
  /** A power of two. */
  readonly capacity: number
  /** Pushes the first `length` bytes; false if the queue is full, which it says at once. */
  push(bytes: Uint8Array, length?: number): boolean
  /**
   * Pops items into `target`, one behind the other, and their lengths into `lengths`: as many as there
   * are and fit. Answers how many. If none fits although there is one, `nextLength` says what it needs.
   */
  popMany(target: Uint8Array, lengths: Uint32Array): number
  /** The length of the next item; undefined if there is none. */
  nextLength(): number | undefined
  size(): number
  /** Keeps the thread, for at most `spinUs` microseconds, until there is an item; whether there is one. */
  awaitItem(spinUs: number): boolean
}

/** A queue without a bound, slower than the bounded one: for where none can be known. */
export interface UnboundedQueue extends Held {
  push(bytes: Uint8Array, length?: number): void
  /**
   * Pops an item into `target` and answers its length; undefined if there is none. Throws `too_long`,
   * and leaves the item, if it does not fit.
   */
  pop(target: Uint8Array): number | undefined
  size(): number
}

/** A map from byte strings to byte strings. Each operation is atomic; a key that is there is never missed. */
export interface ByteMap extends Held {
  /**
   * Copies the value into `target` and answers its length; undefined if the key is not there. If the
   * length is more than `target` has, nothing was copied.
   */
  get(key: Uint8Array, target: Uint8Array): number | undefined
  /** Whether the key is new. */
  set(key: Uint8Array, value: Uint8Array): boolean
  /** Whether the key was there. */
  remove(key: Uint8Array): boolean
  size(): number
  /** What keys and values take, with a few bytes of each entry's own. */
  bytes(): number
  /**
   * All entries that are there from the beginning to the end of the scan, at least once each; others
   * perhaps. The arrays that `visit` is given are used again.
   */
  scan(visit: (key: Uint8Array, value: Uint8Array) => void): void
}

/** Counters that are taken from and never go below zero, by their index. */
export interface Gates extends Held {
  readonly count: number
  /** Takes `units` if there are as many, and answers how many are left; undefined if there are too few. */
  take(gate: number, units: number): number | undefined
  /** Puts `units` in, and answers how many there are now. Throws `bad_argument` beyond `unitsMax`. */
  refill(gate: number, units: number): number
  set(gate: number, units: number): void
  read(gate: number): number
}

export interface BucketOptions {
  readonly count: number
  /** Tokens that a bucket holds at most, and at first. */
  readonly burst: number
  /** Tokens that it gains in a second. */
  readonly perSecond: number
}

/** Token buckets, by their index. Time is passed in: milliseconds since the process began. */
export interface TokenBuckets extends Held {
  readonly count: number
  /** Takes a token and answers 0, or answers in how many milliseconds there will be one. */
  take(bucket: number, nowMs: number): number
}

/** Wakes one listening thread from any other, once for a burst. */
export interface Bell extends Held {
  /** Throws `busy` if somebody listens already. A listener alone does not keep its thread alive. */
  listen(wake: () => void): void
  stopListening(): void
  /** Says that the listener will sleep. It must look for work once more after this. */
  sleep(): void
  stayAwake(): void
  /** Wakes the listener if it sleeps; whether it did. */
  ring(): boolean
}

export interface MemoryUsage {
  /** What was asked for and is held. */
  readonly askedBytes: number
  /** The blocks that hold it. */
  readonly usedBytes: number
  /** What was taken from the system, and is kept. */
  readonly reservedBytes: number
}
