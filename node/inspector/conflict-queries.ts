/** The list of all conflicts, over the tables that each kind of document keeps of its own. */

import type Database from 'better-sqlite3'
import { z } from 'zod'
import type { Refusal } from '../errors.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { ok, type Result } from '../result.ts'
import { conflictTable, type InspectedKind } from './conflict.ts'

export interface ConflictRow {
  readonly kind: string
  readonly id: string
  readonly field: string
}

export interface ConflictQueries {
  list(query: {
    readonly kind: string | undefined
    readonly limit: number
    readonly cursor: string | undefined
  }): Result<{ readonly items: readonly ConflictRow[]; readonly next?: string }, Refusal>
  /** The other documents that are in conflict with this one over a field that lies between them. */
  sharedWith(conflict: ConflictRow): readonly string[]
}

const Position = z.tuple([z.string(), z.string(), z.string()])

export const createConflictQueries = (
  database: Database.Database,
  kinds: readonly InspectedKind[],
): ConflictQueries => {
  const union = kinds
    .flatMap(({ kind, shared }) =>
      [conflictTable(kind).name, ...(shared ? [`(${shared.sql})`] : [])].map(
        (source) => `select document, field from ${source}`,
      ),
    )
    .join(' union all ')
  const sharers = new Map(
    kinds.flatMap(({ kind, shared }) =>
      shared
        ? [
            [
              kind.schema.kind,
              database
                .prepare<[string, string], string>(
                  `select id from (${shared.sql}) join documents on number = document
                   where field = ? and id <> ? order by 1`,
                )
                .pluck(),
            ] as const,
          ]
        : [],
    ),
  )
  const list = database.prepare<
    { kind: string | null; afterKind: string; afterId: string; afterField: string; limit: number },
    ConflictRow
  >(
    `select kind, id, field from (${union}) join documents on number = document
     where (:kind is null or kind = :kind)
       and (kind, id, field) > (:afterKind, :afterId, :afterField)
     order by kind, id, field limit :limit`,
  )

  return {
    sharedWith: ({ kind, id, field }) => sharers.get(kind)?.all(field, id) ?? [],

    list: ({ kind, limit, cursor }) => {
      const after =
        cursor === undefined ? ok(['', '', ''] as const) : decodeCursor(cursor, Position)
      if (!after.ok) return after
      const [afterKind, afterId, afterField] = after.value
      const rows = list.all({
        kind: kind ?? null,
        afterKind,
        afterId,
        afterField,
        limit: limit + 1,
      })
      const items = rows.slice(0, limit)
      const last = items.at(-1)
      return ok({
        items,
        ...(rows.length > limit && last
          ? { next: encodeCursor([last.kind, last.id, last.field]) }
          : {}),
      })
    },
  }
}
