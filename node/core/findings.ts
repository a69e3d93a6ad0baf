/** What a verification found wrong, one line each, with where it is and what to do about it. */

import { findingsListedMax } from './limits.ts'

export interface Finding {
  readonly where: string
  readonly what: string
  readonly next: string
}

export interface Findings {
  /** Adds a finding; after the first of one place, the others are only counted. */
  add(finding: Finding): void
  /** Runs `work`; what it throws is a finding too. Answers whether it found nothing. */
  section(place: Pick<Finding, 'where' | 'next'>, work: () => void): boolean
  list(): readonly Finding[]
}

/** A finding as one line. */
export const lineOf = ({ where, what, next }: Finding): string => `${where}: ${what}. ${next}`

export const createFindings = (): Findings => {
  const listed: Finding[] = []
  const countsByPlace = new Map<string, { readonly place: Finding; count: number }>()

  const add = (finding: Finding) => {
    const known = countsByPlace.get(finding.where)
    const counted = known ?? { place: finding, count: 0 }
    if (!known) countsByPlace.set(finding.where, counted)
    if (++counted.count <= findingsListedMax) listed.push(finding)
  }

  return {
    add,
    section: (place, work) => {
      const before = countOf(countsByPlace)
      try {
        work()
      } catch (error) {
        add({ ...place, what: error instanceof Error ? error.message : String(error) })
      }
      return countOf(countsByPlace) === before
    },
    list: () => [
      ...listed,
      ...[...countsByPlace.values()]
        .filter(({ count }) => count > findingsListedMax)
        .map(({ place, count }) => ({ ...place, what: `${count - findingsListedMax} more` })),
    ],
  }
}

const countOf = (counts: ReadonlyMap<string, { readonly count: number }>): number => {
  let sum = 0
  for (const { count } of counts.values()) sum += count
  return sum
}
