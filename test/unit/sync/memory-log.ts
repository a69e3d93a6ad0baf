/** A node in memory, strict about what it takes: it throws if a change is taken twice or with a gap. */

import { assert } from '../../../crdt/assert.ts'
import { dotKey, replicaIdOf, type Dot, type ReplicaId } from '../../../crdt/dot.ts'
import { driftMsMax } from '../../../crdt/hybrid-logical-clock.ts'
import * as vectors from '../../../crdt/version-vector.ts'
import * as changes from '../../../sync/change.ts'
import type { ChainHead, Change } from '../../../sync/change.ts'
import type {
  Account,
  ChangeIntake,
  ChangeLog,
  IntakeProblem,
  LogEntry,
} from '../../../sync/change-log.ts'
import type { DocumentExchange } from '../../../sync/document-exchange.ts'
import type { Clock, Timers } from '../../../sync/surroundings.ts'
import { createMemoryDocuments, kind, type MemoryDocuments } from './memory-documents.ts'

export interface MemoryLog {
  readonly log: ChangeLog
  readonly intake: ChangeIntake
  readonly exchange: DocumentExchange
  readonly documents: MemoryDocuments
  /** Changes that came in though they were there already. */
  repeats(): number
  /** Makes `count` changes of this replica, `aheadMs` ahead of the clock. */
  write(replica: ReplicaId, count: number, options?: WriteOptions): void
  /** Takes all changes up to `vector` out of the log; what they did to documents stays. */
  fold(vector: vectors.VersionVector): void
  /** Changes a document behind the log's back. */
  damage(id: string): void
  /** Makes the next intake fail. */
  breakDisk(): void
  /** Joins nothing from now on, and says that it does. */
  breakJoin(): void
}

export interface WriteOptions {
  readonly aheadMs?: number
  /** Of the change, besides what it does. */
  readonly bytes?: number
  readonly mark?: string
  /** Which document the changes write to; one of a hundred, in turn, unless said otherwise. */
  readonly document?: string
  /** What each leaves in the document. */
  readonly markBytes?: number
}

export const replicaOf = (number: number): ReplicaId =>
  replicaIdOf(Uint8Array.from([0, 0, 0, 0, 0, 0, number >> 8, number & 255]))

/** How long the disk takes. */
const diskMs = 3

export const createMemoryLog = ({ clock, timers }: { clock: Clock; timers: Timers }): MemoryLog => {
  // What was folded leaves a hole, so that positions stay.
  const entries: (LogEntry | undefined)[] = []
  const bytesByDot = new Map<string, Uint8Array>()
  const hashesByDot = new Map<string, Uint8Array>()
  const heads = new Map<ReplicaId, ChainHead>()
  const floor = new Map<ReplicaId, ChainHead>()
  const documents = createMemoryDocuments()
  let isBroken = false
  let joinsNothing = false
  let repeats = 0

  const vector = () => changes.vectorOf(heads)
  const counterOf = (replica: ReplicaId) => heads.get(replica)?.counter ?? 0

  const append = ({ dot, time, deltas }: Change, bytes: Uint8Array): void => {
    assert(!bytesByDot.has(dotKey(dot)), 'no change is taken twice')
    assert(dot.counter === counterOf(dot.replica) + 1, 'a log has no gaps')
    const hash = changes.chainHash(heads.get(dot.replica)?.hash ?? changes.chainStart, bytes)
    entries.push({ dot, wallMs: time.wallMs, bytes, hash })
    bytesByDot.set(dotKey(dot), bytes)
    hashesByDot.set(dotKey(dot), hash)
    heads.set(dot.replica, { counter: dot.counter, hash })
    for (const delta of deltas) documents.add(delta.id, Buffer.from(delta.bytes).toString())
  }

  const takeOne = (
    bytes: Uint8Array,
    { blocked, continued }: Account & { readonly blocked: Set<ReplicaId> },
  ): 'taken' | 'known' | IntakeProblem => {
    if (!changes.isIntact(bytes)) return { kind: 'corrupt', detail: 'A checksum is wrong' }
    const change = changes.decode(bytes.slice())
    const { dot, time } = change
    const known = bytesByDot.get(dotKey(dot))
    if (known) return Buffer.compare(known, bytes) === 0 ? 'known' : { kind: 'fork', dot }
    if (dot.counter <= counterOf(dot.replica)) return 'known'
    if (blocked.has(dot.replica) || dot.counter !== counterOf(dot.replica) + 1) {
      return { kind: 'gap', dot }
    }
    const link = continued?.get(dotKey(dot))
    const ours = heads.get(dot.replica)?.hash ?? changes.chainStart
    if (link && Buffer.compare(link, ours) !== 0) return { kind: 'fork', dot }
    const aheadMs = time.wallMs - clock.now()
    if (aheadMs > driftMsMax) return { kind: 'too_far_ahead', dot, time, aheadMs }
    append(change, bytes.slice())
    return 'taken'
  }

  const fold = (upTo: vectors.VersionVector): void => {
    entries.forEach((entry, at) => {
      if (!entry || !vectors.has(upTo, entry.dot)) return
      const { dot } = entry
      const hash = hashesByDot.get(dotKey(dot)) ?? changes.chainStart
      if (dot.counter > (floor.get(dot.replica)?.counter ?? 0)) {
        floor.set(dot.replica, { counter: dot.counter, hash })
      }
      entries[at] = undefined
      bytesByDot.delete(dotKey(dot))
      hashesByDot.delete(dotKey(dot))
    })
  }

  /** What a disk does: it takes its time, and may fail. */
  const durably = <T>(work: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      timers.after(diskMs, () => {
        if (isBroken) reject(new Error('The disk is full'))
        else resolve(work())
      })
    })

  const breathe = () =>
    new Promise<void>((resolve) => {
      timers.after(0, resolve)
    })

  const hashAt = (dot: Dot) => {
    const base = floor.get(dot.replica)
    return base?.counter === dot.counter ? base.hash : hashesByDot.get(dotKey(dot))
  }

  const linksBefore = (found: readonly LogEntry[]) => {
    const links = new Map<ReplicaId, Uint8Array>()
    for (const { dot } of found) {
      const link = hashAt({ ...dot, counter: dot.counter - 1 })
      if (link && !links.has(dot.replica)) links.set(dot.replica, link)
    }
    return links
  }

  return {
    documents,
    repeats: () => repeats,
    log: {
      vector,
      heads: () => new Map(heads),
      floor: () => new Map(floor),
      hashAt,
      positionFor: (known) => {
        const first = entries.findIndex((entry) => entry && !vectors.has(known, entry.dot))
        return first < 0 ? entries.length : first
      },
      read: (position, bytesMax) => {
        let next = position
        for (let bytes = 0; next < entries.length; next++) {
          bytes += entries[next]?.bytes.length ?? 0
          if (bytes > bytesMax && next > position) break
        }
        const found = entries.slice(position, next).filter((entry) => entry !== undefined)
        return { entries: found, next, continued: linksBefore(found) }
      },
      end: () => entries.length,
      digest: documents.digest,
    },
    intake: {
      receive: (batch, account) =>
        durably(() => {
          const problems: IntakeProblem[] = []
          const blocked = new Set<ReplicaId>()
          let taken = 0
          let alreadyKnown = 0
          for (const bytes of batch) {
            const outcome = takeOne(bytes, { ...account, blocked })
            if (outcome === 'taken') taken++
            else if (outcome === 'known') alreadyKnown++
            else {
              problems.push(outcome)
              if ('dot' in outcome) blocked.add(outcome.dot.replica)
            }
          }
          repeats += alreadyKnown
          return { taken, alreadyKnown, problems }
        }),
    },
    exchange: {
      survey: async () => {
        const before = new Map(floor)
        const index = await documents.index(breathe)
        return { floor: before, clock: { wallMs: clock.now(), logical: 0 }, index }
      },
      read: (keys, bytesMax) => {
        const found = []
        let keysRead = 0
        for (let bytes = 0; keysRead < keys.length; keysRead++) {
          const under = documents.under(keys[keysRead] ?? 0)
          for (const document of under) bytes += document.bytes.length
          if (keysRead > 0 && bytes > bytesMax) break
          found.push(...under)
        }
        return { documents: found, keysRead }
      },
      join: (joined) =>
        durably(() =>
          joinsNothing ? { joined: joined.length, problems: [] } : documents.join(joined),
        ),
      adopt: (theirs) =>
        durably(() => {
          fold(changes.vectorOf(theirs))
          for (const [replica, head] of theirs) {
            if (head.counter > (floor.get(replica)?.counter ?? 0)) floor.set(replica, head)
            if (head.counter > counterOf(replica)) heads.set(replica, head)
          }
          return { kind: 'adopted' }
        }),
    },
    write: (replica, count, options = {}) => {
      const { aheadMs = 0, bytes = 20, mark = 'x', markBytes = 0, document } = options
      for (let made = 0; made < count; made++) {
        const dot = { replica, counter: counterOf(replica) + 1 }
        const change: Change = {
          dot,
          time: { wallMs: clock.now() + aheadMs, logical: 0 },
          actor: 'admin/alice',
          type: 'product.renamed',
          requests: [],
          details: mark.repeat(bytes),
          deltas: [
            {
              kind,
              id: document ?? `${dot.counter % 100}`,
              bytes: Buffer.from(`${dotKey(dot)}${mark.repeat(markBytes)}`),
            },
          ],
        }
        append(change, changes.encode(change))
      }
    },
    fold,
    damage: (id) => documents.add(id, `damaged at ${clock.now()}`),
    breakDisk: () => {
      isBroken = true
    },
    breakJoin: () => {
      joinsNothing = true
    },
  }
}
