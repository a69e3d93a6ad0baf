/**
 * Proves the base: every folded state is as it was written, none is missing, and the notes beside it
 * are whole. Nothing else can tell: the changes that it was made of are gone.
 */

import type Database from 'better-sqlite3'
import { Fault } from '../fault.ts'
import * as digest from './digest.ts'
import type { Findings } from './findings.ts'
import { findingsListedMax } from './limits.ts'
import { createSealedNotes, sealedNotes } from './sealed-note.ts'
import { readNote } from './sqlite-read-models.ts'
import { kindsByName, tryDecode } from './understand.ts'
import type { DocumentKind } from './capability.ts'
import { nextForLog } from './verify-log.ts'

/** Answers how many documents have a folded state. */
export const verifyBase = (
  database: Database.Database,
  kinds: readonly DocumentKind[],
  findings: Pick<Findings, 'add'>,
): number => {
  const found = (what: string) => findings.add({ where: 'base', what, next: nextForLog })
  const byName = kindsByName(kinds)
  const sum = digest.sumFrom(digest.empty())
  let folded = 0

  const isWhole = ({ kind, id, bytes, hash }: StateRow): boolean => {
    sum.add(hash)
    return digest.toHex(digest.documentHash(kind, id, bytes)) === digest.toHex(hash)
  }

  for (const row of database.prepare<[], StateRow>(selectFolded).iterate()) {
    const name = `${row.kind}/${row.id}`
    folded++
    if (!isWhole(row)) found(`what was folded of ${name} is not as it was written`)
    const kind = byName.get(row.kind)
    if (kind && !tryDecode(kind, row)) found(`what was folded of ${name} cannot be read`)
  }
  for (const row of database.prepare<[], StateRow>(selectUnread).iterate()) {
    if (!isWhole(row)) found(`what was kept of ${row.kind}/${row.id} is not as it was written`)
  }
  const noted = readNote(database, 'base', 'hex') ?? digest.toHex(digest.empty())
  if (noted !== digest.toHex(sum.bytes())) {
    found('states are missing or too many: their sum differs')
    const orphans = database.prepare<[], string>(selectWithoutOrigin).pluck()
    for (const name of orphans.iterate()) found(`${name} has neither a folded state nor a change`)
  }

  const isAnyFloor = database.prepare('select 1 from floors limit 1').get() !== undefined
  const notes = createSealedNotes(database)
  for (const name of sealedNotes) {
    try {
      const isMissing = notes.read(name) === undefined
      if (isMissing && name === 'horizon' && isAnyFloor) found('it does not say up to when it goes')
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      found(error.message)
    }
  }
  return folded
}

interface StateRow {
  readonly kind: string
  readonly id: string
  readonly bytes: Buffer
  readonly hash: Buffer
}

const selectFolded = 'select kind, id, bytes, hash from folded'
const selectUnread = 'select kind, id, bytes, hash from unread'

const selectWithoutOrigin = `
select kind || '/' || id from documents
where not exists (select 1 from folded where document = number)
  and not exists (select 1 from touches where touches.document = number)
limit ${findingsListedMax + 1}`
