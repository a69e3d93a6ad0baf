/** What a writer has said, and whether a directory that it left bears it out. */

import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { dotKey } from '../../crdt/dot.ts'
import { databaseFileOf } from '../../node/core/data-directory.ts'
import { refresh } from '../../node/core/rebuild.ts'
import { createSqliteStore } from '../../node/core/sqlite-store.ts'
import { verify } from '../../node/core/verify.ts'
import * as change from '../../sync/change.ts'
import { noteKind, noteSql, noteTables } from '../unit/node/core/note.ts'
import type { Event } from './trace.ts'

/** What was said by some moment, over all runs on one directory. */
export interface Claims {
  /** The dots of each group that was acknowledged. */
  readonly acknowledged: ReadonlyMap<string, readonly string[]>
  /** Groups of which it was said that nothing was kept. */
  readonly undone: ReadonlySet<string>
  readonly replicas: readonly string[]
}

export const nothingClaimed: Claims = {
  acknowledged: new Map(),
  undone: new Set(),
  replicas: [],
}

/** `before` and what is said in `events`. */
export const hear = (before: Claims, events: readonly Event[]): Claims => {
  const acknowledged = new Map(before.acknowledged)
  const undone = new Set(before.undone)
  const replicas = [...before.replicas]
  for (const event of events) {
    if (event.kind !== 'say') continue
    const [word, name = '', ...rest] = event.text.trim().split(' ')
    if (word === 'open') replicas.push(name)
    if (word === 'done') acknowledged.set(name, rest)
    if (word === 'undone') {
      undone.add(name)
      replicas.push(...rest)
    }
  }
  return { acknowledged, undone, replicas }
}

/** Changes that were ever seen under a dot, on whatever was left of the directory. */
export type Sightings = Map<string, string>

/**
 * Opens what was left of a directory, as after a crash, and answers in sentences what is wrong with
 * it. `sightings` are taken down and compared: a dot names one change, whatever was lost since.
 */
export const whatIsWrong = (
  directory: string,
  claims: Claims,
  sightings: Sightings,
): readonly string[] => {
  const data = join(directory, 'data')
  if (claims.acknowledged.size === 0) finishMaking(data)
  else if (!existsSync(databaseFileOf(data))) return ['there is no database any more']
  const { findings } = verify(data, [noteKind], { sql: noteSql, tables: noteTables })
  if (findings.length > 0) return findings.map(({ where, what }) => `verify: ${where}: ${what}`)

  const inLog = new Set<string>()
  const sizes = new Map<string, { found: number; announced: number }>()
  const wrong: string[] = []
  for (const { dot, bytes } of changesIn(data)) {
    const key = dotKey(dot)
    inLog.add(key)
    const [group = '', size = ''] = (change.decode(bytes).requests[0] ?? '').split('/')
    const counted = sizes.get(group) ?? { found: 0, announced: Number(size) }
    counted.found++
    sizes.set(group, counted)
    const content = bytes.toString('base64')
    const seen = sightings.get(key)
    if (seen !== undefined && seen !== content) wrong.push(`${key} names two changes`)
    sightings.set(key, content)
  }
  for (const [group, dots] of claims.acknowledged) {
    const lost = dots.filter((dot) => !inLog.has(dot))
    if (lost.length > 0) wrong.push(`group ${group} was acknowledged and lost ${lost.join(' ')}`)
  }
  for (const [group, { found, announced }] of sizes) {
    if (found !== announced) wrong.push(`group ${group} has ${found} of its ${announced} changes`)
    if (claims.undone.has(group)) wrong.push(`group ${group} was said to be undone, and is there`)
  }
  return wrong
}

// The making of a directory may be cut short as well; a start goes on with it.
const finishMaking = (data: string): void => {
  mkdirSync(data, { recursive: true })
  const store = openStore(data)
  refresh(store, [noteKind])
  store.close()
}

const openStore = (data: string) =>
  createSqliteStore({
    file: databaseFileOf(data),
    readModelSql: noteSql,
    readModelTables: noteTables,
  })

const changesIn = (data: string) => {
  const store = openStore(data)
  try {
    return store
      .readChanges(0, Number.MAX_SAFE_INTEGER)
      .entries.map(({ dot, bytes }) => ({ dot, bytes: Buffer.from(bytes) }))
  } finally {
    store.close()
  }
}
