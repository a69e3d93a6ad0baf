/**
 * Digests as the merged store computes them itself, from the bytes that it holds: what it answers is
 * what it has, not what somebody noted that it should have.
 */

import * as digest from '../core/digest.ts'
import type { Queries } from './sql.ts'

/** A document's part of the digest, from its bytes; see `documentHash`. Ids have no surrogate pairs. */
export const documentHashSql = `sha256(convert_to(kind || '/' || length(id) || '/' || id, 'UTF8') || bytes)`

export interface MergedDigest {
  /** As `GET /admin/replication` tells a node's own: equal if and only if the documents are. */
  readonly digest: string
  readonly documents: number
}

export const readDigest = async (sql: Queries): Promise<MergedDigest> => {
  const lanes = Array.from({ length: digest.digestBytes / 4 }, (_, lane) => lane)
  const [row] = await sql.query<Record<string, number>>(
    `select count(*)::bigint as documents, ${lanes
      .map(
        (lane) =>
          `(coalesce(sum(${uint32Sql('hash', lane * 4)}), 0) % 4294967296)::bigint as lane_${lane}`,
      )
      .join(', ')}
     from (select ${documentHashSql} as hash from documents) as hashed`,
  )
  const bytes = digest.empty()
  const view = new DataView(bytes.buffer)
  for (const lane of lanes) view.setUint32(lane * 4, row?.[`lane_${lane}`] ?? 0)
  return { digest: digest.toHex(bytes), documents: row?.['documents'] ?? 0 }
}

/** Four bytes as a whole number, the first byte the highest. */
const uint32Sql = (column: string, at: number): string =>
  [0, 1, 2, 3]
    .map((byte) => `(get_byte(${column}, ${at + byte})::bigint << ${24 - byte * 8})`)
    .join(' + ')

export interface RangeDigest {
  readonly range: number
  readonly count: number
  readonly sum: number
}

/** Of a replica's changes after `from` up to `to`, so many counters a range: how many, and their digest. */
export const readRangeDigests = (
  sql: Queries,
  { replica, from, to, size }: { replica: string; from: number; to: number; size: number },
): Promise<readonly RangeDigest[]> =>
  sql.query<RangeDigest>(
    `select ((counter - 1) / ${size})::bigint as range, count(*)::bigint as count,
       (sum(${uint32Sql('sha256(bytes)', 0)}) % 4294967296)::bigint as sum
     from changes where replica = $1 and counter > $2 and counter <= $3 group by 1`,
    [replica, from, to],
  )
