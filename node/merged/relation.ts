/**
 * A relation: a table of the merged store that a capability fills from its documents.
 *
 * Its rows come from the same reading of a document that the node's own read models have, or from the
 * node's own rows as they are; but only the merged store asks for them, so that what only it keeps costs
 * no shopper anything.
 */

import type { Document, Schema } from '../../crdt/document.ts'
import type { Fields } from '../../crdt/dot-store.ts'
import type { BulkType, BulkValue } from './bulk.ts'

export interface Relation {
  readonly name: string
  /** The column that says which document a row is of. */
  readonly owner: string
  readonly columns: readonly RelationColumn[]
}

export interface RelationColumn {
  readonly name: string
  readonly type: BulkType
  /** Under which name a row has it. */
  readonly from: string
}

export type RelationRow = Readonly<Record<string, BulkValue | undefined>>

/** Rows by the name of their relation; one that is absent has none. */
export type RelationRows = Readonly<Record<string, readonly RelationRow[]>>

export interface RelationalKind {
  readonly schema: Schema
  readonly relations: readonly Relation[]
  /** Pure: the same rows at whichever node the merged store is written from. */
  readonly rows: (id: string, document: Document) => RelationRows
}

/**
 * A relation with columns in the order of its table: a type, or a type and the name under which rows
 * have the value. Times are milliseconds in rows, and what is yes or no may be 1 or 0.
 */
export const relation = (
  name: string,
  owner: string,
  columns: Readonly<Record<string, BulkType | readonly [type: BulkType, from: string]>>,
): Relation => ({
  name,
  owner,
  columns: Object.entries(columns).map(([column, said]) =>
    typeof said === 'string'
      ? { name: column, type: said, from: column }
      : { name: column, type: said[0], from: said[1] },
  ),
})

export const relationalKind = <F extends Fields>(kind: {
  readonly schema: Schema<F>
  readonly relations: readonly Relation[]
  readonly rows: (id: string, document: Document<F>) => RelationRows
}): RelationalKind =>
  // Whoever asks a kind for rows has found it by the document's schema.
  kind as RelationalKind

/**
 * A row as the database takes it. Documents may hold what PostgreSQL has no place for, and one that
 * could not be written would hold up all others: such a character becomes U+FFFD, such a time the last
 * there is.
 */
export const valuesOf = ({ columns }: Relation, row: RelationRow): readonly BulkValue[] =>
  columns.map(({ type, from }) => {
    const value = row[from] ?? null
    if (typeof value === 'number') {
      if (type === 'timestamptz') return new Date(Math.min(value, msMax)).toISOString()
      return type === 'boolean' ? value !== 0 : value
    }
    if (typeof value !== 'string') return value
    return type === 'jsonb'
      ? value.replace(unstorableEscape, escaped)
      : value.replaceAll('\0', '\ufffd')
  })

/** The end of the year 9999, the last that is written with four digits. */
const msMax = 253_402_300_799_999

// Halves of surrogate pairs are written as escapes only if they stand alone. A pair of backslashes is
// matched so that what follows it is not taken for an escape.
const unstorableEscape = /\\\\|\\u(?:0000|d[89a-f][0-9a-f]{2})/gi
const escaped = (found: string): string => (found === '\\\\' ? found : '\\ufffd')
