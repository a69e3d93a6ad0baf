/**
 * Tells all threads at once that a document changed: a table of counters in shared memory, of which each
 * document has one by its hash.
 *
 * Whoever keeps something that it read of a document notes the document's counter before it reads. What
 * it keeps is good for as long as the counter has not moved: the core moves it when the change is
 * durable, and before anybody is told of it. So nothing has to be sent to a thread, or taken out of its
 * hands.
 *
 * What if two documents share a counter? Then a change of one makes what was kept of the other be read
 * once more, and that is all. What if a counter goes round? It takes four thousand million changes
 * between two looks.
 */

import { freshnessCells } from './limits.ts'

export interface Freshness {
  /** To be given to other threads. */
  readonly buffer: SharedArrayBuffer
  /** The document's counter as it is now; to be asked for before the document is read. */
  stampOf(kind: string, id: string): number
  /** Says that the document changed, for who reads it from now on. */
  changed(kind: string, id: string): void
}

export const createFreshness = (
  buffer: SharedArrayBuffer = new SharedArrayBuffer(freshnessCells * 4),
): Freshness => {
  const counters = new Uint32Array(buffer)
  return {
    buffer,
    stampOf: (kind, id) => Atomics.load(counters, cellOf(kind, id)),
    changed: (kind, id) => {
      Atomics.add(counters, cellOf(kind, id), 1)
    },
  }
}

/** FNV-1a of `kind/id`: the ids of documents are hashes or names, and need no better mixing. */
const cellOf = (kind: string, id: string): number => {
  const hash = fnv1a(id, Math.imul(fnv1a(kind, 0x811c9dc5) ^ 0x2f, 0x01000193))
  return (hash ^ (hash >>> 16)) & (freshnessCells - 1)
}

const fnv1a = (text: string, seed: number): number => {
  let hash = seed
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  }
  return hash
}
