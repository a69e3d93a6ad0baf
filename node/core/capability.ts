/** What a capability brings to the core: its documents, its rules, and what is derived from them. */

import type { Document, Schema } from '../../crdt/document.ts'
import type { Fields } from '../../crdt/dot-store.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import type { Timestamp } from '../../crdt/hybrid-logical-clock.ts'
import type { Value } from '../../crdt/value.ts'
import type { Refusal } from '../errors.ts'
import type { Result } from '../result.ts'
import type { Row, Table } from './store.ts'

export interface Capability {
  readonly kinds: readonly DocumentKind[]
}

/** A registered kind of document. Made by `documentKind`, which keeps schema and projection together. */
export interface DocumentKind {
  readonly schema: Schema
  readonly tables: readonly Table[]
  /** The rows of a document: pure, the same wherever they are written. */
  readonly project: (id: string, document: Document) => ProjectedRows
}

/** Rows by the name of their table; a table that is absent has none. */
export type ProjectedRows = Readonly<Record<string, readonly Row[]>>

export const documentKind = <F extends Fields>(kind: {
  readonly schema: Schema<F>
  readonly tables: readonly Table[]
  readonly project: (id: string, document: Document<F>) => ProjectedRows
}): DocumentKind =>
  // The core hands a kind only documents of its own schema.
  kind as DocumentKind

/** What a rule may know when it decides. */
export interface World {
  /** Who writes. */
  readonly replica: ReplicaId
  /** Who writes first, then who this node was before: whose rights it may spend. */
  readonly lineage: readonly ReplicaId[]
  /** When: the timestamp of the change, if there will be one. */
  readonly time: Timestamp
  /** The document as it is now, earlier commands of the same batch included; bottom if there is none. */
  read<F extends Fields>(schema: Schema<F>, id: string): Document<F>
  /** Whether anything was ever written to the document. */
  exists(schema: Schema, id: string): boolean
  /** Whether a change that this node knows answered this request already. */
  isAnswered(request: string): boolean
}

/** A command's rule: what changes, or why nothing does. Pure, and never asynchronous. */
export type Decide<Input, Answer extends Value> = (
  world: World,
  input: Input,
) => Result<Draft<Answer>, Refusal>

/** A change that was decided and not yet made. */
export interface Draft<Answer extends Value> {
  readonly type: string
  /** What the deltas do not say: a reason, what it was before. */
  readonly details?: Value
  readonly deltas: readonly DraftDelta[]
  /** What the one who asked is told; kept with the change, so that a retry is told the same. */
  readonly answer: Answer
  /** Ids of requests that the change answers, beside the command's own. */
  readonly requests?: readonly string[]
}

export interface DraftDelta {
  readonly schema: Schema
  readonly id: string
  readonly delta: Document
}

/** A delta on a document of this schema; one that says nothing is left out of the change. */
export const draftDelta = <F extends Fields>(
  schema: Schema<F>,
  id: string,
  delta: Document<F>,
): DraftDelta =>
  // The pair is consistent here, which is all that the core relies on.
  ({ schema, id, delta })
