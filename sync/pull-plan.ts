/**
 * What of the key space a pull has still to settle: ranges that differ and are to be compared more
 * finely, and ranges that are small enough to be listed and fetched.
 *
 * The plan goes into depth first and fetches when it has found enough, so that it stays as small
 * when everything differs as when little does.
 */

import { keyEnd, type DocumentIndex, type DocumentKey } from './document-index.ts'
import * as limits from './limits.ts'
import { entryBytes, listedMax, listingOf, type Listing } from './listing.ts'
import {
  countIn,
  differing,
  endOf,
  fingerprintBytes,
  levelBelow,
  startOf,
  type Range,
} from './ranges.ts'

export interface Plan {
  /** They differ and hold many of our documents; the next to be compared come first. */
  readonly open: readonly Range[]
  /** They differ and hold few of our documents, or none. */
  readonly found: readonly Range[]
}

/** The plan after the peer's first cut of all keys: `fingerprints` of every range at `level`. */
export const planOf = (
  index: DocumentIndex,
  { level, fingerprints }: { readonly level: number; readonly fingerprints: Uint8Array },
): Plan => {
  const all = { level: 0, place: 0 }
  return sortOut(
    index,
    { open: [], found: [] },
    differing(index, { range: all, level }, fingerprints),
  )
}

// What cannot be cut any more is listed, however much it holds.
const sortOut = (index: DocumentIndex, plan: Plan, ranges: readonly Range[]): Plan => {
  const isSmall = (range: Range): boolean =>
    range.level === levelBelow(range.level) || countIn(index, range) <= listedMax
  return {
    open: [...ranges.filter((range) => !isSmall(range)), ...plan.open],
    found: [...plan.found, ...ranges.filter(isSmall)],
  }
}

/** What to ask the peer next. */
export type Question =
  | { readonly kind: 'compare'; readonly ranges: readonly Range[] }
  | { readonly kind: 'fetch'; readonly from: DocumentKey; readonly listings: readonly Listing[] }

/** Takes the next question out of the plan; undefined if nothing is left to ask. */
export const nextQuestion = (
  index: DocumentIndex,
  { open, found }: Plan,
): { readonly question: Question; readonly plan: Plan } | undefined => {
  if (open.length > 0 && found.length < limits.foundMax) {
    const ranges = rising(open.slice(0, limits.comparedMax))
    const plan = { open: open.slice(limits.comparedMax), found }
    return { question: { kind: 'compare', ranges }, plan }
  }
  if (found.length === 0) return undefined
  const ranges = rising(found)
  const listings = listingsOf(index, ranges)
  return {
    question: { kind: 'fetch', from: 0, listings },
    plan: { open, found: ranges.slice(listings.length) },
  }
}

const rising = (ranges: readonly Range[]): Range[] =>
  ranges.toSorted((a, b) => startOf(a) - startOf(b))

/** The listings of the first of `ranges`: as many as fit a frame. */
const listingsOf = (index: DocumentIndex, ranges: readonly Range[]): Listing[] => {
  const listings: Listing[] = []
  let bytes = 0
  for (const range of ranges.slice(0, limits.fetchedRangesMax)) {
    const listing = listingOf(index, range, entriesMax)
    bytes += listing.entries.length + listingHeadBytesMax
    if (listings.length > 0 && bytes > limits.fetchBytesMax) break
    listings.push(listing)
  }
  return listings
}

/** The level, the place and the count of a listing. */
const listingHeadBytesMax = 12
const entriesMax = Math.floor((limits.fetchBytesMax - listingHeadBytesMax) / entryBytes)

/** The plan after the peer's answer to a `compare`; undefined if the answer has not the length it must have. */
export const takeSummary = (
  index: DocumentIndex,
  plan: Plan,
  {
    ranges,
    fingerprints,
  }: { readonly ranges: readonly Range[]; readonly fingerprints: Uint8Array },
): Plan | undefined => {
  const differ: Range[] = []
  let at = 0
  for (const range of ranges) {
    const level = levelBelow(range.level)
    const end = at + fingerprintBytes * 2 ** (level - range.level)
    if (end > fingerprints.length) return undefined
    differ.push(...differing(index, { range, level }, fingerprints.subarray(at, end)))
    at = end
  }
  return at === fingerprints.length ? sortOut(index, plan, differ) : undefined
}

/** The same `fetch` from where it broke off; undefined if nothing of it is left. */
export const restOf = (listings: readonly Listing[], next: DocumentKey): Question | undefined => {
  const rest = listings.filter((listing) => endOf(listing) > next)
  return rest.length > 0 && next < keyEnd
    ? { kind: 'fetch', from: next, listings: rest }
    : undefined
}
