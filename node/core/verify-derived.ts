/** Proves what is derived from base and log, by deriving it once more beside and comparing, both ways. */

import type Database from 'better-sqlite3'
import type { DocumentKind } from './capability.ts'
import * as digest from './digest.ts'
import type { Findings } from './findings.ts'
import { findingsListedMax } from './limits.ts'
import { describe, replay, writeAllRows, type Progress } from './rebuild.ts'
import { createSqliteBase } from './sqlite-folded.ts'
import { createSqliteLog } from './sqlite-log.ts'
import { areRowsOf, readNote } from './sqlite-read-models.ts'
import type { SqliteStore } from './sqlite-store.ts'
import type { CoreState, Store, Table } from './store.ts'
import { kindsByName } from './understand.ts'

export interface ReadModels {
  readonly sql: string
  readonly tables: readonly Table[]
}

export interface DerivedDeps {
  /** The database to prove, open for reading. */
  readonly found: Database.Database
  /** An empty store on the disk. */
  readonly expected: SqliteStore
  readonly kinds: readonly DocumentKind[]
  readonly readModels: ReadModels
  readonly findings: Pick<Findings, 'add'>
  readonly progress: Progress
}

/** Answers the state that base and log lead to. */
export const verifyDerived = (deps: DerivedDeps): Omit<CoreState, 'heads'> => {
  const { found, expected, kinds, readModels, progress } = deps
  const { state } = expected.transact(() => {
    expected.noteKinds(describe(kinds))
    copyBase(createSqliteBase(found), expected)
    writeAllRows(expected, kindsByName(kinds))
    return replay({ from: createSqliteLog(found), to: expected, kinds, progress })
  })
  const report = (where: string, what: string) =>
    deps.findings.add({ where, what, next: nextForDerived })

  if (readNote(found, 'kinds') !== describe(kinds) || !areRowsOf(found, readModels.sql)) {
    report('derived', 'it was made by another release, or not completely')
    return state
  }
  const { database } = expected
  // Documents may be many and large: what does not fit into the cache goes to the disk.
  database.pragma('temp_store = FILE')
  database.prepare('attach ? as found').run(found.name)
  for (const comparison of [...fixed, ...readModels.tables.map(rowsOf)]) {
    compare(database, comparison, (what) => report(comparison.where, what))
  }

  const sum = readNote(found, 'digest', 'hex') ?? digest.toHex(digest.empty())
  if (sum !== digest.toHex(state.digest)) report('digest', 'it is not that of base and log')
  const clock = readNote(found, 'clock') ?? JSON.stringify(state.clock)
  if (clock !== JSON.stringify(state.clock)) {
    report('clock', 'it does not stand at the latest time in base and log')
  }
  return state
}

/** Makes the base of one store that of another, which is empty, and its documents. */
const copyBase = (from: Pick<Store, 'scanFolded' | 'readHorizon'>, to: Store): void => {
  for (const { kind, id, bytes } of from.scanFolded()) {
    to.writeDocument({ kind, id, bytes, hash: digest.documentHash(kind, id, bytes) })
    to.writeFolded(kind, id, bytes)
  }
  to.writeHorizon(from.readHorizon())
  to.clearDocuments()
}

export const nextForDerived = 'Run "atoll rebuild" on the directory and verify it again.'

interface Comparison {
  readonly where: string
  /** Selects the same from either side. */
  readonly select: (side: string) => string
  /** A table that has as many rows on both sides, which a comparison of sets does not tell. */
  readonly table?: string
}

const fixed: readonly Comparison[] = [
  {
    where: 'tables',
    select: (side) => `select type, name, tbl_name, sql from ${side}.sqlite_schema`,
  },
  {
    where: 'derivation',
    select: (side) =>
      `select name, value from ${side}.state where name in ('kinds', 'rows', 'read_models')`,
  },
  {
    where: 'documents',
    table: 'documents',
    select: (side) => `select kind, id, bytes, hash from ${side}.documents`,
  },
  {
    // A folded state has the number of its document.
    where: 'documents',
    table: 'folded',
    select: (side) =>
      `select folded.kind, folded.id, folded.document is documents.number
       from ${side}.folded left join ${side}.documents using (kind, id)`,
  },
  {
    // A history is told by its document, and not by the number that it has on one side.
    where: 'histories',
    table: 'touches',
    select: (side) =>
      `select kind, id, position from ${side}.touches
       join ${side}.documents on documents.number = touches.document`,
  },
  {
    where: 'requests',
    table: 'requests',
    select: (side) => `select request, position from ${side}.requests`,
  },
]

// So is a row.
const rowsOf = ({ name, columns }: Table): Comparison => ({
  where: `table ${name}`,
  table: name,
  select: (side) =>
    `select documents.kind, documents.id, ${columns.map((column) => `${name}.${column}`).join(', ')}
     from ${side}.${name} join ${side}.documents on documents.number = ${name}.document`,
})

const compare = (
  database: Database.Database,
  { select, table }: Comparison,
  report: (what: string) => void,
): void => {
  const differ = (a: string, b: string) =>
    database
      .prepare<[], unknown[]>(`${select(a)} except ${select(b)} limit ${findingsListedMax + 1}`)
      .raw()
      .all()
  for (const row of differ('main', 'found')) report(`${nameOf(row)} is missing or differs`)
  for (const row of differ('found', 'main'))
    report(`${nameOf(row)} does not follow from base and log`)
  if (table === undefined) return
  const count = (side: string) =>
    database.prepare<[], number>(`select count(*) from ${side}.${table}`).pluck().get()
  const [expected, found] = [count('main'), count('found')]
  if (expected !== found) report(`there are ${found} rows and not ${expected}`)
}

// The first two columns are enough to find the row by.
const nameOf = (row: readonly unknown[]): string =>
  row
    .slice(0, 2)
    .map((value) => (Buffer.isBuffer(value) ? value.toString('hex', 0, 8) : String(value)))
    .join('/')
