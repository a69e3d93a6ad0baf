/**
 * Looks, now and then, whether the merged store has what it says it has, and puts right what it has not.
 *
 * Rows may be gone or others: a table restored by itself, a statement typed in the wrong window, a disk
 * that lies. Changes are compared by digests of ranges, as many at a look as do not hold anybody up, and
 * a range that differs is sent again. Documents are compared by their digest, when the merged store and
 * the node have the same changes, and one by one only if that differs.
 */

import { createHash } from 'node:crypto'
import { equals } from '../../crdt/version-vector.ts'
import { vectorOf } from '../../sync/change.ts'
import { toHex } from '../core/digest.ts'
import type { Archive, LoggedChange } from './archive.ts'
import { documentHashSql, readDigest, readRangeDigests, type RangeDigest } from './digest-sql.ts'
import { joinDocumentsMax, rangeChanges, verifyChangesMax } from './limits.ts'
import type { DocumentName, NodeLog } from './node-log.ts'
import type { Sql } from './sql.ts'

export interface Repaired {
  readonly changes: number
  readonly documents: number
}

export interface Verifier {
  /** Compares the next of the changes, and the documents if both sides stand still. */
  look(): Promise<Repaired>
}

export interface VerifierDeps {
  readonly sql: Sql
  readonly archive: Archive
  readonly log: NodeLog
}

export const createVerifier = ({ sql, archive, log }: VerifierDeps): Verifier => {
  /** Up to where the changes were compared in this round: a replica and a counter. */
  let reached = { replica: '', counter: 0 }

  const compareChanges = async (): Promise<number> => {
    let left = verifyChangesMax
    let repaired = 0
    const floor = log.floor()
    const theirs = [...(await archive.heads())].sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [replica, head] of theirs) {
      if (replica < reached.replica) continue
      const done = replica === reached.replica ? reached.counter : 0
      const from = Math.max(done, floor.get(replica)?.counter ?? 0)
      const to = Math.min(head.counter, from + left)
      if (to <= from) continue
      const range = { replica, from, to, size: rangeChanges }
      const stored = new Map(
        (await readRangeDigests(sql, range)).map((one) => [one.range, one] as const),
      )
      for (const ours of rangesOf(log.read(replica, from, { changesMax: to - from, bytesMax }))) {
        if (isSame(ours, stored.get(ours.range))) continue
        await archive.repair(ours.changes)
        repaired += ours.changes.length
      }
      reached = { replica, counter: to }
      left -= to - from
      if (left <= 0) return repaired
    }
    reached = { replica: '', counter: 0 }
    return repaired
  }

  const isStill = async (): Promise<boolean> =>
    equals(log.vector(), vectorOf(await archive.heads()))

  const compareDocuments = async (): Promise<number> => {
    if (!(await isStill())) return 0
    const ours = toHex(log.digest())
    const { digest: theirs } = await readDigest(sql)
    if (ours === theirs || !(await isStill()) || ours !== toHex(log.digest())) return 0
    let repaired = 0
    for (let after: DocumentName = { kind: '', id: '' }; ;) {
      const page = log.documentsAfter(after, joinDocumentsMax)
      const last = page.at(-1)
      if (!last) return repaired
      const stored = await readHashes(after, last)
      const differing = page.filter(({ kind, id, hash }) => {
        const found = stored.get(`${kind}/${id}`)
        return !found || Buffer.compare(found, hash) !== 0
      })
      await removeDamaged(after, last)
      await archive.join(differing.flatMap((name) => log.document(name) ?? []))
      repaired += differing.length
      after = last
    }
  }

  const readHashes = async (after: DocumentName, last: DocumentName) => {
    const rows = await sql.query<DocumentName & { hash: Uint8Array }>(
      `select kind, id, ${documentHashSql} as hash from documents
       where (kind, id) > ($1, $2) and (kind, id) <= ($3, $4)`,
      [after.kind, after.id, last.kind, last.id],
    )
    return new Map(rows.map(({ kind, id, hash }) => [`${kind}/${id}`, hash]))
  }

  /** What is not as it was written is not joined with what is right. */
  const removeDamaged = (after: DocumentName, last: DocumentName) =>
    sql.query(
      `delete from documents where (kind, id) > ($1, $2) and (kind, id) <= ($3, $4)
         and hash <> ${documentHashSql}`,
      [after.kind, after.id, last.kind, last.id],
    )

  return {
    look: async () => ({
      changes: await compareChanges(),
      documents: await compareDocuments(),
    }),
  }
}

/** A look reads as many changes as it may, whatever they weigh. */
const bytesMax = Number.POSITIVE_INFINITY

interface OwnRange extends RangeDigest {
  readonly changes: readonly LoggedChange[]
}

const rangesOf = (changes: readonly LoggedChange[]): readonly OwnRange[] => {
  const ranges = Map.groupBy(changes, ({ counter }) => Math.floor((counter - 1) / rangeChanges))
  return [...ranges].map(([range, own]) => ({
    range,
    count: own.length,
    sum: own.reduce((sum, { bytes }) => (sum + firstWordOf(bytes)) % 2 ** 32, 0),
    changes: own,
  }))
}

const firstWordOf = (bytes: Uint8Array): number =>
  createHash('sha256').update(bytes).digest().readUInt32BE(0)

const isSame = (ours: RangeDigest, theirs: RangeDigest | undefined): boolean =>
  theirs !== undefined && theirs.count === ours.count && theirs.sum === ours.sum
