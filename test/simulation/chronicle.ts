/**
 * What truly happened, as nobody in the cluster can know it: every change that ever became durable
 * somewhere, who made it, and what its maker knew then.
 */

import type { Dot, DotKey, ReplicaId } from '../../crdt/dot.ts'
import { dotKey } from '../../crdt/dot.ts'
import { dotsOf } from '../../crdt/causal-context.ts'
import type { Document } from '../../crdt/document.ts'
import type { DocumentKind } from '../../node/core/capability.ts'
import { kindsByName, understand } from '../../node/core/understand.ts'
import * as change from '../../sync/change.ts'
import type { Change } from '../../sync/change.ts'

export interface KnownChange {
  readonly key: DotKey
  readonly dot: Dot
  readonly bytes: Uint8Array
  readonly change: Change
  readonly deltas: readonly KnownDelta[]
  /** The machine on whose disk it was first. */
  readonly maker: number
  /** What its maker had in its log before: by replica, up to which counter. */
  readonly causes: ReadonlyMap<ReplicaId, number>
  /** What its maker may have seen beyond them, in documents that came without their changes. */
  readonly mayHaveSeen?: ReadonlyMap<ReplicaId, number> | undefined
  /** Every machine that ever had the change itself. */
  readonly holders: Set<number>
  /** The number of the change, in the order in which they came to be. */
  readonly order: number
}

export interface KnownDelta {
  readonly kind: string
  readonly id: string
  readonly delta: Document
  /** The dots that it brings, and those that it has seen and takes away. */
  readonly added: ReadonlySet<DotKey>
  readonly removed: ReadonlySet<DotKey>
}

export interface Chronicle {
  readonly changes: ReadonlyMap<DotKey, KnownChange>
  find(dot: Dot): KnownChange | undefined
  record(made: Omit<KnownChange, 'change' | 'deltas' | 'holders' | 'order' | 'key'>): KnownChange
  /** Notes that the only disk that had a change is gone. Its documents may have been read before. */
  forget(change: KnownChange): void
  isForgotten(change: KnownChange): boolean
  /** The changes with a delta on a document, in the order in which they came to be. */
  of(kind: string, id: string): readonly KnownChange[]
}

/** `kinds` are those of the newest release: the chronicle understands what an old node does not. */
export const createChronicle = (kinds: readonly DocumentKind[]): Chronicle => {
  const byName = kindsByName(kinds)
  const changes = new Map<DotKey, KnownChange>()
  const byDocument = new Map<string, KnownChange[]>()
  const forgotten = new Set<KnownChange>()
  return {
    changes,
    find: (dot) => changes.get(dotKey(dot)),
    record: (made) => {
      // A copy: what a disk holds may have its bits flipped later.
      const bytes = made.bytes.slice()
      const decoded = change.decode(bytes)
      const deltas = understand(byName, decoded).map(({ kind, id, delta }): KnownDelta => {
        const added = new Set<DotKey>()
        kind.schema.shape.visit(delta.store, ({ dot }) => added.add(dotKey(dot)))
        const removed = new Set<DotKey>()
        for (const dot of dotsOf(delta.context)) {
          if (!added.has(dotKey(dot))) removed.add(dotKey(dot))
        }
        return { kind: kind.schema.kind, id, delta, added, removed }
      })
      const key = dotKey(made.dot)
      const holders = new Set<number>()
      const known = { ...made, key, bytes, change: decoded, deltas, holders, order: changes.size }
      changes.set(key, known)
      for (const { kind, id } of deltas) {
        const list = byDocument.get(`${kind}/${id}`)
        if (!list) byDocument.set(`${kind}/${id}`, [known])
        else if (list.at(-1) !== known) list.push(known)
      }
      return known
    },
    forget: (known) => void forgotten.add(known),
    isForgotten: (known) => forgotten.has(known),
    of: (kind, id) => byDocument.get(`${kind}/${id}`) ?? [],
  }
}
