/**
 * Many rows as the values of one statement: an array a column, all bytes of a column in one value.
 *
 * Why not `COPY`? It cannot say `on conflict`, and rows would go through a table of their own. Why are
 * bytes packed? In an array they are written as hexadecimal text; as one value they travel as they are.
 */

import type { SqlValue } from './sql.ts'

export type BulkType =
  | 'text'
  | 'bigint'
  | 'integer'
  | 'double precision'
  | 'numeric'
  | 'boolean'
  | 'timestamptz'
  | 'jsonb'
  | 'bytea'

export interface BulkColumn {
  readonly name: string
  readonly type: BulkType
}

export type BulkValue = string | number | boolean | null | Uint8Array

export interface Bulk {
  /**
   * What stands after `from` in a statement: the rows in the order in which they were given, under the
   * names of their columns, and `place`, from 1 on.
   */
  readonly table: string
  readonly values: readonly SqlValue[]
}

/** Rows as a table named `alias`; their values begin at `$first`. */
export const bulk = (
  alias: string,
  columns: readonly BulkColumn[],
  rows: readonly (readonly BulkValue[])[],
  first = 1,
): Bulk => {
  const values: SqlValue[] = []
  const arrays: string[] = []
  const inner: string[] = []
  const outer: string[] = []
  const add = (value: SqlValue): string => `$${first - 1 + values.push(value)}`

  for (const [at, { name, type }] of columns.entries()) {
    const column = rows.map((row) => row[at] ?? null)
    if (type === 'bytea') {
      const { bytes, starts, lengths } = pack(column)
      const packed = add(bytes)
      arrays.push(`${add(starts)}::integer[]`, `${add(lengths)}::integer[]`)
      inner.push(`${name}_start`, `${name}_length`)
      outer.push(
        `substring(${packed}::bytea from ${name}_start for ${name}_length) as ${quoted(name)}`,
      )
    } else {
      arrays.push(`${add(column.map(plain))}::${arrayTypeOf(type)}[]`)
      inner.push(quoted(name))
      outer.push(`${quoted(name)}::${type}`)
    }
  }
  const unnested = `unnest(${arrays.join(', ')}) with ordinality as packed(${inner.join(', ')}, place)`
  return { table: `(select ${outer.join(', ')}, place from ${unnested}) as ${alias}`, values }
}

const pack = (column: readonly BulkValue[]) => {
  const parts: Uint8Array[] = []
  const starts: (number | null)[] = []
  const lengths: (number | null)[] = []
  let size = 0
  for (const part of column) {
    const bytes = part instanceof Uint8Array ? part : undefined
    // PostgreSQL counts from 1.
    starts.push(bytes ? size + 1 : null)
    lengths.push(bytes ? bytes.length : null)
    if (!bytes) continue
    parts.push(bytes)
    size += bytes.length
  }
  return { bytes: Buffer.concat(parts, size), starts, lengths }
}

const plain = (value: BulkValue) => {
  if (value instanceof Uint8Array) throw new TypeError('Bytes go into a column of type bytea')
  return value
}

// Other types are written as text and read from there.
const arrayTypeOf = (type: BulkType): string =>
  type === 'bigint' || type === 'integer' || type === 'double precision' || type === 'boolean'
    ? type
    : 'text'

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
