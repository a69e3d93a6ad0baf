/**
 * Proves a data directory, and changes nothing in it: that base and log are as they were written, and
 * that all that is derived from them is what they say.
 */

import Database from 'better-sqlite3'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../fault.ts'
import type { DocumentKind } from './capability.ts'
import { databaseFileOf, lockDataDirectory, type DataDirectory } from './data-directory.ts'
import * as digest from './digest.ts'
import { createFindings, type Finding } from './findings.ts'
import type { Progress } from './rebuild.ts'
import { checkFormat, isOutdated } from './sqlite-schema.ts'
import { createSqliteStore } from './sqlite-store.ts'
import { verifyBase } from './verify-base.ts'
import { nextForDerived, verifyDerived, type ReadModels } from './verify-derived.ts'
import { nextForLog, verifyLog } from './verify-log.ts'
import { examineWriteAheadLog } from './write-ahead-log.ts'

export interface VerifyReport {
  /** Empty if the directory is proven. */
  readonly findings: readonly Finding[]
  /** What an operator may want to know although nothing is wrong. */
  readonly notes: readonly string[]
  /** In the log, above the floor. */
  readonly changes: number
  /** Documents of which something was folded. */
  readonly folded: number
  readonly documents: number
  /** Hexadecimal; of the documents as base and log make them. */
  readonly digest: string
}

export const verify = (
  path: string,
  kinds: readonly DocumentKind[],
  readModels: ReadModels,
  progress: Progress = () => {},
): VerifyReport => {
  if (!existsSync(databaseFileOf(path))) {
    return unproven({ where: path, what: 'there is no database here', next: 'Check the path.' })
  }
  let directory: DataDirectory
  try {
    directory = lockDataDirectory(path)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return unproven({ where: path, what: error.message, next: 'Stop the node and verify again.' })
  }
  try {
    return examine(directory, { kinds, readModels, progress })
  } finally {
    directory.close()
  }
}

const unproven = (finding: Finding): VerifyReport => ({
  findings: [finding],
  notes: [],
  changes: 0,
  folded: 0,
  documents: 0,
  digest: '',
})

interface Expectations {
  readonly kinds: readonly DocumentKind[]
  readonly readModels: ReadModels
  readonly progress: Progress
}

const examine = (
  { path, databaseFile }: DataDirectory,
  { kinds, readModels, progress }: Expectations,
): VerifyReport => {
  const findings = createFindings()
  const notes: string[] = []
  let changes = 0
  let documents = 0
  let folded = 0
  let sum = ''

  // Before the database is opened, because opening it reads the log past what is damaged.
  findings.section({ where: 'write-ahead log', next: nextForLog }, () => {
    const condition = examineWriteAheadLog(`${databaseFile}-wal`)
    if (condition.kind === 'damaged') throw new Error(`it is damaged at frame ${condition.frame}`)
    if (condition.kind === 'torn') {
      notes.push(
        `The write-ahead log breaks off inside its last transaction, at frame ${condition.frame}: ` +
          'the power went before it was acknowledged, or it was damaged since',
      )
    }
  })

  findings.section({ where: 'database', next: nextForLog }, () => {
    const found = new Database(databaseFile, { readonly: true, fileMustExist: true })
    try {
      checkFormat(found, 'any')
      if (isOutdated(found)) {
        const what = 'it has the format of an earlier release'
        findings.add({ where: 'database', what, next: nextForOutdated })
        return
      }
      const isSound = findings.section({ where: 'database', next: nextForLog }, () => {
        for (const what of integrityFaultsOf(found)) {
          findings.add({ where: 'database', what, next: nextForLog })
        }
      })
      const isLogProven = findings.section({ where: 'log', next: nextForLog }, () => {
        const log = verifyLog(found, findings, progress)
        changes = log.changes
        for (const replica of log.quarantined) notes.push(quarantineNote(path, replica))
      })
      const isBaseProven = findings.section({ where: 'base', next: nextForLog }, () => {
        folded = verifyBase(found, kinds, findings)
      })
      if (!isLogProven || !isBaseProven || !isSound) {
        notes.push('What is derived was not compared, because what it is derived from is damaged')
        return
      }
      findings.section({ where: 'derived', next: nextForDerived }, () => {
        const scratch = createScratch(path, readModels)
        try {
          const { expected } = scratch
          const deps = { found, expected, kinds, readModels, findings, progress }
          sum = digest.toHex(verifyDerived(deps).digest)
          documents = expected.countDocuments()
        } finally {
          scratch.close()
        }
      })
    } finally {
      found.close()
    }
  })
  return { findings: findings.list(), notes, changes, folded, documents, digest: sum }
}

const nextForOutdated =
  'Start a node on it or run "atoll rebuild", which bring it up to date, and verify it again.'

const quarantineNote = (path: string, replica: string): string =>
  `${replica} is in quarantine: two histories were found under its name. ` +
  `"atoll quarantine ${path}" shows the change that told`

const integrityFaultsOf = (database: Database.Database): readonly string[] =>
  database
    .prepare<[], string>('pragma integrity_check')
    .pluck()
    .all()
    .filter((verdict) => verdict !== 'ok')

/** A store to derive everything into once more; it lies in the directory, where there is room for it. */
const createScratch = (path: string, { sql, tables }: ReadModels) => {
  const file = join(path, 'verify.db')
  const remove = () => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
  }
  remove()
  const expected = createSqliteStore({ file, readModelSql: sql, readModelTables: tables })
  return {
    expected,
    close: () => {
      expected.close()
      remove()
    },
  }
}
