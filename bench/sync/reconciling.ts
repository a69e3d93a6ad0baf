/**
 * Two nodes in one process, on virtual time and over a line in memory: one has folded its log, the other
 * comes back. What the line carries until both have the same documents is counted; it is the same at
 * every run, whatever the machine.
 */

import { createHash } from 'node:crypto'
import { replicaIdOf } from '../../crdt/dot.ts'
import { vectorOf, type ChainHeads } from '../../sync/change.ts'
import type { ChangeLog } from '../../sync/change-log.ts'
import type { Connection, ConnectionListener } from '../../sync/connection.ts'
import type { DocumentExchange, DocumentState } from '../../sync/document-exchange.ts'
import { createIndexBuilder, keyOf } from '../../sync/document-index.ts'
import * as frames from '../../sync/frame.ts'
import type { Frame } from '../../sync/frame.ts'
import { createMesh, type Mesh } from '../../sync/mesh.ts'
import type { Clock, Timers } from '../../sync/surroundings.ts'

export interface Case {
  readonly documents: number
  /** How many of them the node that comes back has as they were before, or not at all. */
  readonly differ: number
}

export interface Cost {
  /** All that the session carries in both directions, but the bytes of documents. */
  readonly controlBytes: number
  /** Questions that wait for their answer. */
  readonly roundTrips: number
  readonly fetched: number
}

/** What it costs to bring the second node up to the first. */
export const reconcile = async ({ documents, differ }: Case): Promise<Cost> => {
  const time = createTime()
  const line = createLine(time.timers)
  // Every n-th differs: half of them is older, half is missing.
  const every = documents / differ
  const isOther = (at: number): boolean => at % every < 1
  const ours: DocumentState[] = []
  const theirs: DocumentState[] = []
  for (let at = 0; at < documents; at++) {
    const older = { kind: 'product', id: `product ${at}`, bytes: bytesOf(`${at} as it was`) }
    ours.push(isOther(at) ? { ...older, bytes: bytesOf(`${at} as it is`) } : older)
    if (!isOther(at) || (differ < documents && at % (2 * every) < every)) theirs.push(older)
  }
  const alice = createNode(ours, floorAt(1_000))
  const bob = createNode(theirs, new Map())
  const start = (name: string, node: PretendNode, dials: readonly string[]): Mesh =>
    createMesh({
      ...time,
      ...node,
      name,
      replica: () => replicaOf(name.length),
      clusterKey: new Uint8Array(32),
      addresses: dials,
      schemaVersions: new Map(),
      random: (count) => createHash('shake256', { outputLength: count }).update(name).digest(),
      dial: line.dial,
      logger: { info: () => undefined, warn: () => undefined },
    })
  line.listen(start('alice', alice, []))
  start('bob', bob, ['ws://alice'])
  await time.runUntil(() => vectorOf(bob.log.floor()).size > 0)
  return line.cost()
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text.padEnd(300, '.'))

const replicaOf = (number: number) => replicaIdOf(new Uint8Array(8).fill(number))

const floorAt = (counter: number): ChainHeads =>
  new Map([[replicaOf(1), { counter, hash: new Uint8Array(32).fill(1) }]])

interface PretendNode {
  readonly log: ChangeLog
  readonly intake: { readonly receive: () => Promise<never> }
  readonly exchange: DocumentExchange
}

/** A node of which every change has been folded. */
const createNode = (initial: readonly DocumentState[], folded: ChainHeads): PretendNode => {
  const documentsByKey = new Map<number, Map<string, DocumentState>>()
  let floor = folded
  const put = (document: DocumentState): void => {
    const key = keyOf(document.kind, document.id)
    const under = documentsByKey.get(key) ?? new Map<string, DocumentState>()
    documentsByKey.set(key, under.set(document.id, document))
  }
  for (const document of initial) put(document)
  return {
    log: {
      vector: () => vectorOf(floor),
      heads: () => floor,
      floor: () => floor,
      hashAt: () => undefined,
      positionFor: () => 0,
      read: () => ({ entries: [], next: 0, continued: new Map() }),
      end: () => 0,
      digest: () => '',
    },
    intake: { receive: () => Promise.reject(new Error('There is no log')) },
    exchange: {
      survey: async () => {
        const builder = createIndexBuilder()
        for (const under of documentsByKey.values()) {
          for (const { kind, id, bytes } of under.values()) {
            builder.add(kind, id, createHash('sha256').update(`${id}:`).update(bytes).digest())
          }
        }
        const index = await builder.finish(() => Promise.resolve())
        return { floor, clock: { wallMs: 0, logical: 0 }, index }
      },
      read: (keys) => ({
        documents: keys.flatMap((key) => [...(documentsByKey.get(key)?.values() ?? [])]),
        keysRead: keys.length,
      }),
      join: (documents) => {
        for (const document of documents) put(document)
        return Promise.resolve({ joined: documents.length, problems: [] })
      },
      adopt: (theirs) => {
        floor = theirs
        return Promise.resolve({ kind: 'adopted' })
      },
    },
  }
}

/** One line between two nodes, and what it has carried. */
const createLine = (timers: Timers) => {
  let accept: (connection: Connection) => void = () => undefined
  let controlBytes = 0
  let roundTrips = 0
  let fetched = 0

  const note = (bytes: Uint8Array): void => {
    const frame = frames.decode(bytes)
    controlBytes += bytes.length
    if (questions.has(frame.kind)) roundTrips++
    if (frame.kind !== 'documents') return
    for (const part of frame.parts) controlBytes -= part.bytes.length
    fetched += frame.parts.length
  }

  const createEnds = (): readonly [Connection, Connection] => {
    const listeners: (ConnectionListener | undefined)[] = [undefined, undefined]
    const endAt = (near: number): Connection => ({
      listen: (listener) => {
        listeners[near] = listener
        listener.opened()
      },
      send: (bytes) => {
        note(bytes)
        timers.after(1, () => listeners[1 - near]?.received(bytes))
      },
      bufferedBytes: () => 0,
      pause: () => undefined,
      resume: () => undefined,
      close: () => undefined,
    })
    return [endAt(0), endAt(1)]
  }

  return {
    listen: (mesh: Mesh) => {
      accept = mesh.accept
    },
    dial: () => {
      const [near, far] = createEnds()
      timers.after(0, () => accept(far))
      return near
    },
    cost: (): Cost => ({ controlBytes, roundTrips, fetched }),
  }
}

const questions: ReadonlySet<Frame['kind']> = new Set<Frame['kind']>(['pull', 'compare', 'fetch'])

/** Time that passes as fast as there is something to do. */
const createTime = () => {
  const due: { readonly ms: number; readonly callback: () => void }[] = []
  let nowMs = 0
  const clock: Clock = { now: () => nowMs, monotonic: () => nowMs }
  const timers: Timers = {
    after: (ms, callback) => {
      const one = { ms: nowMs + ms, callback }
      due.push(one)
      return () => {
        const at = due.indexOf(one)
        if (at >= 0) due.splice(at, 1)
      }
    },
  }
  return {
    clock,
    timers,
    runUntil: async (isDone: () => boolean): Promise<void> => {
      while (!isDone()) {
        // Promises come before timers.
        for (let turn = 0; turn < 50; turn++) await Promise.resolve()
        const [first] = due.toSorted((one, other) => one.ms - other.ms)
        if (!first) throw new Error('Nothing is left to do')
        due.splice(due.indexOf(first), 1)
        nowMs = Math.max(nowMs, first.ms)
        first.callback()
        if (nowMs > 600_000) throw new Error('It takes too long')
      }
    },
  }
}
