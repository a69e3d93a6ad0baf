/** A node's log in memory, strict about what it takes: it throws if a change is taken twice. */

import { createHash } from 'node:crypto'
import { assert } from '../../../crdt/assert.ts'
import { dotKey, replicaIdOf, type ReplicaId } from '../../../crdt/dot.ts'
import { driftMsMax } from '../../../crdt/hybrid-logical-clock.ts'
import * as vectors from '../../../crdt/version-vector.ts'
import * as changes from '../../../sync/change.ts'
import type { ChainHead } from '../../../sync/change.ts'
import type { ChangeIntake, ChangeLog, IntakeProblem, LogEntry } from '../../../sync/change-log.ts'
import type { Clock, Timers } from '../../../sync/surroundings.ts'

export interface MemoryLog {
  readonly log: ChangeLog
  readonly intake: ChangeIntake
  readonly entries: readonly LogEntry[]
  /** Makes `count` changes of this replica, `aheadMs` ahead of the clock. */
  write(replica: ReplicaId, count: number, options?: WriteOptions): void
  /** Makes the digest what it should not be. */
  corruptDigest(): void
  /** Makes the next intake fail. */
  breakDisk(): void
}

export interface WriteOptions {
  readonly aheadMs?: number
  readonly bytes?: number
  readonly mark?: string
}

export const replicaOf = (number: number): ReplicaId =>
  replicaIdOf(Uint8Array.from([0, 0, 0, 0, 0, 0, number >> 8, number & 255]))

export const createMemoryLog = ({ clock, timers }: { clock: Clock; timers: Timers }): MemoryLog => {
  const entries: LogEntry[] = []
  const bytesByDot = new Map<string, Uint8Array>()
  const hashesByDot = new Map<string, Uint8Array>()
  const heads = new Map<ReplicaId, ChainHead>()
  const vector = new Map<ReplicaId, number>()
  const sum = new Uint8Array(32)
  let isBroken = false

  const append = (entry: LogEntry): void => {
    const { dot, bytes } = entry
    assert(!bytesByDot.has(dotKey(dot)), 'no change is taken twice')
    assert(dot.counter === vectors.counterOf(vector, dot.replica) + 1, 'a log has no gaps')
    const hash = changes.chainHash(heads.get(dot.replica)?.hash ?? changes.chainStart, bytes)
    entries.push(entry)
    bytesByDot.set(dotKey(dot), bytes)
    hashesByDot.set(dotKey(dot), hash)
    heads.set(dot.replica, { counter: dot.counter, hash })
    vector.set(dot.replica, dot.counter)
    // Order must not matter to the digest: the sum of the changes' hashes, by exclusive or.
    const own = createHash('sha256').update(bytes).digest()
    for (let at = 0; at < 32; at++) sum[at] = (sum[at] ?? 0) ^ (own[at] ?? 0)
  }

  const takeOne = (
    bytes: Uint8Array,
    blocked: Set<ReplicaId>,
  ): 'taken' | 'known' | IntakeProblem => {
    if (!changes.isIntact(bytes)) return { kind: 'corrupt', detail: 'A checksum is wrong' }
    const { dot, time } = changes.decode(bytes)
    const known = bytesByDot.get(dotKey(dot))
    if (known) return Buffer.compare(known, bytes) === 0 ? 'known' : { kind: 'fork', dot }
    if (blocked.has(dot.replica) || dot.counter !== vectors.counterOf(vector, dot.replica) + 1) {
      return { kind: 'gap', dot }
    }
    const aheadMs = time.wallMs - clock.now()
    if (aheadMs > driftMsMax) return { kind: 'too_far_ahead', dot, aheadMs }
    append({ dot, wallMs: time.wallMs, bytes: bytes.slice() })
    return 'taken'
  }

  return {
    entries,
    log: {
      vector: () => new Map(vector),
      heads: () => new Map(heads),
      hashAt: (dot) => hashesByDot.get(dotKey(dot)),
      positionFor: (known) => {
        const first = entries.findIndex(({ dot }) => !vectors.has(known, dot))
        return first < 0 ? entries.length : first
      },
      read: (position, bytesMax) => {
        let next = position
        for (let bytes = 0; next < entries.length; next++) {
          bytes += entries[next]?.bytes.length ?? 0
          if (bytes > bytesMax && next > position) break
        }
        return { entries: entries.slice(position, next), next }
      },
      end: () => entries.length,
      digest: () => Buffer.from(sum).toString('hex'),
    },
    intake: {
      receive: (batch) =>
        new Promise((resolve, reject) => {
          // The disk takes its time.
          timers.after(3, () => {
            if (isBroken) return reject(new Error('The disk is full'))
            const problems: IntakeProblem[] = []
            const blocked = new Set<ReplicaId>()
            let taken = 0
            let alreadyKnown = 0
            for (const bytes of batch) {
              const outcome = takeOne(bytes, blocked)
              if (outcome === 'taken') taken++
              else if (outcome === 'known') alreadyKnown++
              else {
                problems.push(outcome)
                if ('dot' in outcome) blocked.add(outcome.dot.replica)
              }
            }
            resolve({ taken, alreadyKnown, problems })
          })
        }),
    },
    write: (replica, count, { aheadMs = 0, bytes = 20, mark = 'x' } = {}) => {
      for (let made = 0; made < count; made++) {
        const dot = { replica, counter: vectors.counterOf(vector, replica) + 1 }
        const wallMs = clock.now() + aheadMs
        const change = changes.encode({
          dot,
          time: { wallMs, logical: 0 },
          actor: 'admin/alice',
          type: 'product.renamed',
          requests: [],
          details: mark.repeat(bytes),
          deltas: [],
        })
        append({ dot, wallMs, bytes: change })
      }
    },
    corruptDigest: () => {
      sum[0] = (sum[0] ?? 0) ^ 1
    },
    breakDisk: () => {
      isBroken = true
    },
  }
}
