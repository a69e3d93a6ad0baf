/**
 * Where a document holds more than one answer: registers whose siblings differ, and what its
 * capability finds besides. Nothing is wrong with such a document; a person should have a look.
 */

import type { Document, Schema } from '../../crdt/document.ts'
import type { DotFun } from '../../crdt/dot-store.ts'
import type { Stamped } from '../../crdt/payload.ts'
import { equals, type Value } from '../../crdt/value.ts'
import type { Decide, DocumentKind } from '../core/capability.ts'
import type { Table } from '../core/store.ts'
import { refused } from '../result.ts'

/** A kind of document as the inspector sees it. */
export interface InspectedKind {
  readonly kind: DocumentKind
  /** Fields of which differing siblings say too little or too much. */
  readonly ownRules?: Readonly<Record<string, ConflictRule>>
  /**
   * Registers over which an admin may write a value of their own, and which values those are. In all
   * others one of the siblings is kept: what may stand in them is for their capability to know.
   */
  readonly ownValues?: Readonly<Record<string, (value: Value) => boolean>>
  readonly shared?: SharedConflicts
  /** Fields whose values are nobody's to see: hashes of passwords and tokens. */
  readonly secrets?: ReadonlySet<string>
}

/** Conflicts that lie between documents and so in none of them. */
export interface SharedConflicts {
  /** Selects `document`, its number, and `field`; documents with the same field conflict over it. */
  readonly sql: string
  /** How it is settled, since there is no register to write. */
  readonly advice: string
}

/** When a field is in conflict, and how that is resolved, where a register's rule does not do. */
export interface ConflictRule {
  readonly isContested: (document: Document) => boolean
  readonly resolve: Decide<Resolution, Value>
}

/** For registers whose siblings are read by a rule of their own. */
export const neverContested: ConflictRule = {
  isContested: () => false,
  resolve: () => refused({ code: 'conflict_not_found', detail: 'Its siblings need no choice' }),
}

export interface Resolution {
  readonly id: string
  readonly value: Value
}

type Register = DotFun<Stamped<Value>>

/** Registers by their path: `price`, or `variants/<id>` for one under a key. */
export const registersOf = (
  schema: Pick<Schema, 'fields'>,
  document: Pick<Document, 'store'>,
): readonly (readonly [path: string, register: Register])[] => {
  const found: (readonly [string, Register])[] = []
  eachRegister(schema, document, (register, name, key) => found.push([pathOf(name, key), register]))
  return found
}

const pathOf = (name: string, key: string | undefined): string =>
  key === undefined ? name : `${name}/${key}`

// Every write of every document comes this way, so that nothing is made on it.
const eachRegister = (
  { fields }: Pick<Schema, 'fields'>,
  { store }: Pick<Document, 'store'>,
  show: (register: Register, name: string, key: string | undefined) => void,
): void => {
  for (const name in fields) {
    const type = fields[name]?.[1].type
    if (type === 'lww-register') show(store[name] as Register, name, undefined)
    if (type !== 'or-map') continue
    for (const [key, register] of store[name] as ReadonlyMap<string, Register>) {
      show(register, name, key)
    }
  }
}

/** Whether concurrent writes left different values; the same value written twice is none. */
export const isContested = (register: Register): boolean => {
  if (register.size < 2) return false
  const [first, ...others] = [...register.values()].map(({ value }) => value.value)
  return others.some((value) => !equals(value, first ?? null))
}

/** The fields in conflict. */
export const conflictsOf = (
  { kind: { schema }, ownRules = {} }: InspectedKind,
  document: Document,
): readonly string[] => {
  const contested: string[] = []
  eachRegister(schema, document, (register, name, key) => {
    if (!isContested(register)) return
    const path = pathOf(name, key)
    if (!(path in ownRules)) contested.push(path)
  })
  for (const path in ownRules) if (ownRules[path]?.isContested(document)) contested.push(path)
  return contested
}

export const conflictTable = ({ schema }: Pick<DocumentKind, 'schema'>): Table => ({
  name: `conflicts_${tableName(schema.kind)}`,
  columns: ['field'],
  isSingle: false,
})

export const conflictSql = (kind: Pick<DocumentKind, 'schema'>): string => `
create table if not exists ${conflictTable(kind).name} (
  document integer not null,
  field    text    not null,
  primary key (document, field)
) strict, without rowid;
`

const tableName = (kind: string): string => kind.replaceAll('-', '_')

/** The kind with a table of its documents' conflicts, kept like every other row of theirs. */
export const withConflicts = (inspected: InspectedKind): DocumentKind => {
  const { kind } = inspected
  const table = conflictTable(kind)
  return {
    ...kind,
    tables: [...kind.tables, table],
    project: (id, document) => {
      const fields = conflictsOf(inspected, document)
      const rows = kind.project(id, document)
      return fields.length === 0
        ? rows
        : { ...rows, [table.name]: fields.map((field) => ({ field })) }
    },
  }
}
