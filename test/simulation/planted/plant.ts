/**
 * Plants a bug: changes the source of a file while it is loaded. The text to change must be there
 * exactly once, so that a bug that no longer applies is not taken for one that was found.
 */

import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

export interface PlantedBug {
  readonly name: string
  /** How somebody might come to write it. */
  readonly because: string
  readonly patches: readonly Patch[]
}

export interface Patch {
  /** From the root of the repository: `sync/inbox.ts`. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

const root = new URL('../../../', import.meta.url)

/** The source of a file with a bug in it. Throws unless every text to change is there once. */
export const patched = (source: string, patches: readonly Patch[]): string =>
  patches.reduce((text, { file, find, replace }) => {
    const times = text.split(find).length - 1
    if (times !== 1) throw new Error(`In ${file}, this is there ${times} times: ${find}`)
    return text.replace(find, () => replace)
  }, source)

/** Has the product loaded with these patches from now on, in this thread. */
export const plant = (patches: readonly Patch[]): void => {
  const byUrl = Map.groupBy(patches, ({ file }) => new URL(file, root).href)
  // At once, and not when the file is loaded: a file that nobody loads has no bug either.
  for (const [url, own] of byUrl) patched(readFileSync(fileURLToPath(url), 'utf8'), own)
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context)
      const own = byUrl.get(url)
      if (!own) return loaded
      const source = patched(readFileSync(fileURLToPath(url), 'utf8'), own)
      return { ...loaded, source, shortCircuit: true }
    },
  })
}
