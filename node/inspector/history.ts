/** A document's history: the changes that made it, and the document as it was at a time. */

import type { Document } from '../../crdt/document.ts'
import { dotKey, type DotKey } from '../../crdt/dot.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import * as live from '../../crdt/live.ts'
import type { Value } from '../../crdt/value.ts'
import * as change from '../../sync/change.ts'
import type { Change } from '../../sync/change.ts'
import type { DocumentKind } from '../core/capability.ts'
import { receiptOf } from '../core/core.ts'
import type { Store } from '../core/store.ts'
import { understand } from '../core/understand.ts'

/** Who wrote something, what, where and when. */
export interface Origin {
  /** `<replica>:<counter>` of the change in its replica's chain. */
  readonly change: string
  readonly type: string
  readonly actor: string
  readonly hlc: string
  /** The physical part of `hlc`. */
  readonly at: string
  readonly replica: string
  /** The node that the replica was, if it has told us. */
  readonly node: string | null
}

export interface HistoryDeps {
  readonly store: Pick<Store, 'readHistory'>
  readonly nodeOf: (replica: string) => string | undefined
}

export interface PastDocument {
  readonly document: Document
  /** The change that wrote each dot of the document. */
  readonly origins: ReadonlyMap<DotKey, Origin>
  readonly changes: number
}

/** The document that the changes up to `until` make; all changes, if it is left out. */
export const replayHistory = (
  deps: HistoryDeps,
  { kind, id, until }: { kind: DocumentKind; id: string; until?: hlc.Timestamp },
): PastDocument => {
  const { schema } = kind
  const kinds = new Map([[schema.kind, kind]])
  const document = live.thaw(schema.shape, schema.bottom)
  const origins = new Map<DotKey, Origin>()
  let changes = 0
  for (const made of changesOf(deps, schema.kind, id)) {
    if (until && hlc.compare(change.timestampOf(made), until) > 0) continue
    changes++
    const origin = originOf(made, deps)
    for (const { delta } of understand(kinds, made).filter((one) => one.id === id)) {
      schema.shape.visit(delta.store, ({ dot }) => origins.set(dotKey(dot), origin))
      live.absorb(document, delta)
    }
  }
  return { document, origins, changes }
}

export interface HistoryEntry extends Origin {
  readonly details: Value
  /** The documents that the change touched. */
  readonly documents: readonly string[]
}

/** The document's changes in the order of their time. */
export const listHistory = (
  deps: HistoryDeps,
  { kind, id }: { readonly kind: string; readonly id: string },
): readonly HistoryEntry[] =>
  [...changesOf(deps, kind, id)]
    .sort((a, b) => hlc.compare(change.timestampOf(a), change.timestampOf(b)))
    .map((made) => ({
      ...originOf(made, deps),
      details: detailsOf(made),
      documents: made.deltas.map((delta) => `${delta.kind}/${delta.id}`),
    }))

function* changesOf({ store }: HistoryDeps, kind: string, id: string): Generator<Change> {
  for (const { bytes } of store.readHistory(kind, id)) yield change.decode(bytes)
}

const originOf = (made: Change, { nodeOf }: HistoryDeps): Origin => {
  const receipt = receiptOf(made)
  return {
    change: receipt.change,
    type: made.type,
    actor: made.actor,
    hlc: receipt.hlc,
    at: new Date(made.time.wallMs).toISOString(),
    replica: made.dot.replica,
    node: nodeOf(made.dot.replica) ?? null,
  }
}

// The answer that was kept for retries is no part of what an admin is shown.
const detailsOf = ({ details }: Change): Value =>
  (details as { readonly details?: Value }).details ?? null
