/**
 * A document's history: the changes that made it, and the document as it was at a time. It begins
 * where the log begins: of changes that were folded only what they made is left.
 */

import type { Document } from '../../crdt/document.ts'
import { dotKey, type Dot, type DotKey } from '../../crdt/dot.ts'
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
  /** `<replica>:<counter>` of the change in its replica's chain; null if it was folded, as all below. */
  readonly change: string | null
  readonly type: string | null
  readonly actor: string | null
  /** Null too where the value itself does not carry it. */
  readonly hlc: string | null
  /** The physical part of `hlc`. */
  readonly at: string | null
  readonly replica: string
  /** The node that the replica was, if it has told us. */
  readonly node: string | null
  /** Whether the change is in the log no more. */
  readonly isFolded: boolean
}

/** The origin of something that a change of the log wrote. */
export interface LoggedOrigin extends Origin {
  readonly change: string
  readonly type: string
  readonly actor: string
  readonly hlc: string
  readonly at: string
}

export interface HistoryDeps {
  readonly store: Pick<Store, 'readHistory' | 'readFolded' | 'readHorizon'>
  readonly nodeOf: (replica: string) => string | undefined
}

export interface PastDocument {
  readonly document: Document
  /** Who wrote the entry under a dot; `time` is what the entry itself says of it. */
  readonly originOf: (dot: Dot, time?: hlc.Clock) => Origin | null
  /** Of the log. */
  readonly changes: number
  /** Whether more changes made it than the log has. */
  readonly isFolded: boolean
}

/**
 * Up to when a document's changes were folded, and its past is not known; undefined if the log has all
 * of it. It is said for all documents together, so it may be later than this one's last folded change.
 */
export const foldedUntil = (
  { store }: Pick<HistoryDeps, 'store'>,
  { kind, id }: { readonly kind: string; readonly id: string },
): hlc.Clock | undefined => (store.readFolded(kind, id) ? store.readHorizon() : undefined)

/**
 * The document that the changes up to `until` make; all changes, if it is left out. It must not be
 * before `foldedUntil`.
 */
export const replayHistory = (
  deps: HistoryDeps,
  { kind, id, until }: { kind: DocumentKind; id: string; until?: hlc.Timestamp },
): PastDocument => {
  const { schema } = kind
  const kinds = new Map([[schema.kind, kind]])
  const base = deps.store.readFolded(schema.kind, id)
  const document = live.thaw(schema.shape, base ? schema.decode(base) : schema.bottom)
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
  const isFolded = base !== undefined
  return {
    document,
    changes,
    isFolded,
    originOf: (dot, time) =>
      origins.get(dotKey(dot)) ?? (isFolded ? foldedOrigin(deps, dot, time) : null),
  }
}

const foldedOrigin = (
  { nodeOf }: HistoryDeps,
  { replica }: Dot,
  time: hlc.Clock | undefined,
): Origin => ({
  change: null,
  type: null,
  actor: null,
  hlc: time ? hlc.format({ ...time, replica }) : null,
  at: time ? new Date(time.wallMs).toISOString() : null,
  replica,
  node: nodeOf(replica) ?? null,
  isFolded: true,
})

export interface HistoryEntry extends LoggedOrigin {
  readonly details: Value
  /** The documents that the change touched. */
  readonly documents: readonly string[]
}

/** The document's changes that are in the log, in the order of their time. */
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

const originOf = (made: Change, { nodeOf }: HistoryDeps): LoggedOrigin => {
  const receipt = receiptOf(made)
  return {
    change: receipt.change,
    type: made.type,
    actor: made.actor,
    hlc: receipt.hlc,
    at: new Date(made.time.wallMs).toISOString(),
    replica: made.dot.replica,
    node: nodeOf(made.dot.replica) ?? null,
    isFolded: false,
  }
}

// The answer that was kept for retries is no part of what an admin is shown.
const detailsOf = ({ details }: Change): Value =>
  (details as { readonly details?: Value }).details ?? null
