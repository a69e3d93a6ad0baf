/** Makes anew what sinks derive, where a sink is another than the one that made what is there. */

import { tryDecode, type KindsByName } from '../core/understand.ts'
import { joinDocumentsMax } from './limits.ts'
import type { MergedDocument, Sink } from './sink.ts'
import type { Queries, Sql } from './sql.ts'

/** Answers the names of the sinks that were given all documents. */
export const derive = async (
  sql: Sql,
  kinds: KindsByName,
  sinks: readonly Sink[],
): Promise<readonly string[]> => {
  const derived: string[] = []
  for (const sink of sinks) {
    const isNew = await sql.transaction(async (transaction) => {
      const [noted] = await transaction.query<{ version: string }>(
        'select version from sinks where name = $1',
        [sink.name],
      )
      if (noted?.version === sink.version) return false
      await giveAll(transaction, kinds, sink)
      return true
    })
    if (isNew) derived.push(sink.name)
  }
  return derived
}

const giveAll = async (transaction: Queries, kinds: KindsByName, sink: Sink): Promise<void> => {
  // Whoever archives locks the rows of `replicas` first, and waits here until this is done.
  await transaction.script('lock table replicas in exclusive mode')
  const [noted] = await transaction.query<{ version: string }>(
    'select version from sinks where name = $1',
    [sink.name],
  )
  // Another node was faster.
  if (noted?.version === sink.version) return
  await sink.clear(transaction)
  for (let after = { kind: '', id: '' }; ;) {
    const rows = await transaction.query<DocumentRow>(
      `select kind, id, bytes from documents where (kind, id) > ($1, $2)
       order by kind, id limit ${joinDocumentsMax}`,
      [after.kind, after.id],
    )
    const last = rows.at(-1)
    if (!last) break
    const documents = rows.flatMap((row): readonly MergedDocument[] => {
      const kind = kinds.get(row.kind)
      const read = kind && tryDecode(kind, row)
      return read ? [{ kind, id: row.id, document: read.delta, isNew: true }] : []
    })
    if (documents.length > 0) await sink.write(transaction, documents)
    after = { kind: last.kind, id: last.id }
  }
  await transaction.query(
    `insert into sinks (name, version) values ($1, $2)
     on conflict (name) do update set version = excluded.version`,
    [sink.name, sink.version],
  )
}

interface DocumentRow {
  readonly kind: string
  readonly id: string
  readonly bytes: Uint8Array
}
