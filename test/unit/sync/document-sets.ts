/** Sets of documents for tests, as indexes made the slow and obvious way. */

import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import {
  createIndexBuilder,
  hashWords,
  keyEnd,
  type DocumentIndex,
} from '../../../sync/document-index.ts'

export interface Item {
  readonly key: number
  /** What the document is: another state is another text. */
  readonly text: string
}

export const hashOf = ({ key, text }: Item): Uint8Array =>
  createHash('sha256').update(`${key} ${text}`).digest()

/** The index of these documents, under whatever keys one likes. */
export const indexOf = (items: readonly Item[]): DocumentIndex => {
  const sorted = items.toSorted((a, b) => a.key - b.key)
  const hashes = sorted.map((item) => new DataView(Uint8Array.from(hashOf(item)).buffer))
  const words = hashes.map((hash) =>
    Array.from({ length: hashWords }, (_, lane) => hash.getUint32(lane * 4)),
  )
  const sums: number[] = []
  const sum = Array.from({ length: hashWords }, () => 0)
  for (let at = 0; at <= words.length; at++) {
    if (at % 16 === 0) sums.push(...sum)
    words[at]?.forEach((word, lane) => {
      sum[lane] = ((sum[lane] ?? 0) + word) >>> 0
    })
  }
  return {
    count: items.length,
    keys: Float64Array.from(sorted.map(({ key }) => key)),
    hashes: Uint32Array.from(words.flat()),
    sums: Uint32Array.from(sums),
  }
}

/** The same as the product makes it. */
export const builtIndexOf = (
  names: readonly string[],
  breathe: () => Promise<void> = () => Promise.resolve(),
): Promise<DocumentIndex> => {
  const builder = createIndexBuilder()
  for (const name of names) builder.add('note', name, createHash('sha256').update(name).digest())
  return builder.finish(breathe)
}

/** Keys that are spread, that crowd together, and that are the same. */
export const anyKey = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
      .map((part) => Math.floor(part * keyEnd)),
  },
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 0, max: 20 }).map((less) => keyEnd - 1 - less),
)

/** Two sets that share most: what each has of every document, if it has it. */
export const anyTwoSets = fc
  .array(
    fc.record({
      key: anyKey,
      name: fc.nat(3),
      state: fc.constantFrom('same', 'same', 'same', 'ours', 'theirs', 'differs'),
    }),
    { maxLength: 400 },
  )
  .map((all) => {
    const byName = new Map(all.map((one) => [`${one.key} ${one.name}`, one]))
    const ours: Item[] = []
    const theirs: Item[] = []
    for (const { key, name, state } of byName.values()) {
      if (state !== 'theirs') ours.push({ key, text: `${name}` })
      if (state === 'theirs' || state === 'same') theirs.push({ key, text: `${name}` })
      if (state === 'differs') theirs.push({ key, text: `${name} as it is there` })
    }
    return { ours, theirs }
  })
