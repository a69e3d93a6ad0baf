/**
 * Proves a log: every change is as it was written, every chain goes on from the floor without a gap,
 * and the heads are its ends.
 */

import type Database from 'better-sqlite3'
import * as change from '../../sync/change.ts'
import type { ChainHead } from '../../sync/change.ts'
import type { Findings } from './findings.ts'
import type { Progress } from './rebuild.ts'

export interface ExaminedLog {
  readonly changes: number
  /** Replicas of which two histories were found. */
  readonly quarantined: readonly string[]
}

export const verifyLog = (
  database: Database.Database,
  findings: Pick<Findings, 'add'>,
  progress: Progress,
): ExaminedLog => {
  const floors = readFloors(database)
  const heads = new Map(floors)
  let changes = 0

  const found = (where: string, what: string) => findings.add({ where, what, next: nextForLog })

  const verifyChange = ({ position, name, counter, wall_ms: wallMs, bytes, hash }: LogRow) => {
    const at = `position ${position}`
    if (!change.isIntact(bytes)) return found('log', `the change at ${at} fails its checksum`)
    const { dot, time } = change.decode(bytes)
    if (dot.replica !== name || dot.counter !== counter || time.wallMs !== wallMs) {
      return found('log', `the row at ${at} names another change than it holds`)
    }
    const head = heads.get(name) ?? noHead
    if (counter !== head.counter + 1) {
      found('chains', `replica ${name} goes on from ${head.counter} to ${counter}`)
    } else if (Buffer.compare(change.chainHash(head.hash, bytes), hash) !== 0) {
      const before = head === floors.get(name) ? 'the floor' : 'the one before'
      found('chains', `the link of ${name}:${counter} does not continue ${before}`)
    }
    heads.set(name, { counter, hash })
  }

  for (const row of database.prepare<[], LogRow>(selectChanges).iterate()) {
    changes++
    try {
      verifyChange(row)
    } catch (error) {
      found('log', `position ${row.position} cannot be read: ${String(error)}`)
    }
    if (changes % progressEvery === 0) progress(changes)
  }
  progress(changes)

  for (const { replica, counter, hash } of database.prepare<[], HeadRow>(selectHeads).all()) {
    const end = heads.get(replica) ?? noHead
    heads.delete(replica)
    if (counter !== end.counter || Buffer.compare(hash, end.hash) !== 0) {
      found('heads', `the head of ${replica} is not the end of its chain`)
    }
  }
  for (const replica of heads.keys()) found('heads', `replica ${replica} has a history and no head`)

  const evidence = database.prepare<[], EvidenceRow>(selectEvidence).all()
  for (const { replica, counter, bytes } of evidence) {
    const dot = change.isIntact(bytes) ? change.decode(bytes).dot : undefined
    if (dot?.replica !== replica || dot.counter !== counter) {
      found('quarantine', `the evidence against ${replica} is not as it was kept`)
    }
  }
  return { changes, quarantined: evidence.map(({ replica }) => replica) }
}

export const nextForLog =
  'Restore a backup into a new directory, or start with an empty one: peers send what they have.'

const noHead: ChainHead = { counter: 0, hash: change.chainStart }

const readFloors = (database: Database.Database): ReadonlyMap<string, ChainHead> =>
  new Map(
    database
      .prepare<[], HeadRow>(selectFloors)
      .all()
      .map(({ replica, counter, hash }) => [replica, { counter, hash }]),
  )

const progressEvery = 10_000

interface LogRow {
  readonly position: number
  readonly name: string
  readonly counter: number
  readonly wall_ms: number
  readonly bytes: Buffer
  readonly hash: Buffer
}

type HeadRow = Pick<LogRow, 'counter' | 'hash'> & { readonly replica: string }
type EvidenceRow = Pick<LogRow, 'counter' | 'bytes'> & { readonly replica: string }

const selectChanges = `
select position, replicas.replica as name, changes.counter, wall_ms, bytes, changes.hash
from changes left join replicas on replicas.number = changes.replica order by position`

const selectHeads = 'select replica, counter, hash from replicas'
const selectFloors = `
select coalesce(replicas.replica, 'of no name') as replica, floors.counter, floors.hash
from floors left join replicas on replicas.number = floors.replica`
const selectEvidence = 'select replica, counter, bytes from quarantine'
