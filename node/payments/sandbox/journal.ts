/**
 * Keeps the sandbox's books over a restart: a line of JSON for all that changes, the last line about a
 * thing is what it is. It is not synced: no money depends on it.
 */

import { createWriteStream, existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { IntentObject, RefundRecord, Reply } from './objects.ts'

export interface RememberedKey {
  readonly key: string
  readonly what: string
  readonly reply: Reply
  readonly atMs: number
}

export type Entry =
  | { readonly intent: IntentObject }
  | { readonly refund: RefundRecord }
  | { readonly key: RememberedKey }

export interface Journal {
  /** What was written before, each thing once, in the order in which it came. */
  readonly entries: readonly Entry[]
  write(entry: Entry): void
  close(): Promise<void>
}

/** A journal that forgets. */
export const noJournal: Journal = {
  entries: [],
  write: () => {},
  close: () => Promise.resolve(),
}

export const openJournal = (path: string): Journal => {
  const entries = existsSync(path) ? latest(readFileSync(path, 'utf8')) : []
  // Begun anew with what still holds, so that it does not grow from start to start.
  writeFileSync(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''), {
    mode: 0o600,
  })
  const stream = createWriteStream(path, { flags: 'a' })
  // A full disk costs the sandbox its memory, and nobody anything else.
  stream.on('error', () => {})
  return {
    entries,
    write: (entry) => {
      stream.write(`${JSON.stringify(entry)}\n`)
    },
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  }
}

const latest = (text: string): readonly Entry[] => {
  const byName = new Map<string, Entry>()
  for (const line of text.split('\n')) {
    const entry = entryOf(line)
    if (entry) byName.set(nameOf(entry), entry)
  }
  return [...byName.values()]
}

// The last line may have been cut in the middle.
const entryOf = (line: string): Entry | undefined => {
  try {
    const entry: unknown = JSON.parse(line)
    const isEntry =
      typeof entry === 'object' &&
      entry !== null &&
      ('intent' in entry || 'refund' in entry || 'key' in entry)
    // Written by ourselves, a line is what it was or it is cut.
    return isEntry ? (entry as Entry) : undefined
  } catch {
    return undefined
  }
}

const nameOf = (entry: Entry): string =>
  'intent' in entry ? entry.intent.id : 'refund' in entry ? entry.refund.id : `key ${entry.key.key}`
