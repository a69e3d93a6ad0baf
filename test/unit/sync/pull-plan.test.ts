/** Comparing two sets of documents range by range: exactly what differs is found, at a bounded cost. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyEnd, type DocumentIndex } from '../../../sync/document-index.ts'
import * as frames from '../../../sync/frame.ts'
import * as limits from '../../../sync/limits.ts'
import { countMissing, missingFrom } from '../../../sync/listing.ts'
import {
  nextQuestion,
  planOf,
  restOf,
  takeSummary,
  type Plan,
  type Question,
} from '../../../sync/pull-plan.ts'
import {
  fingerprintBytes,
  fingerprintsOf,
  levelBelow,
  surveyLevelOf,
} from '../../../sync/ranges.ts'
import { anyTwoSets, builtIndexOf, indexOf, type Item } from './document-sets.ts'

const everything = { level: 0, place: 0 }

type Ranges = Extract<Question, { kind: 'compare' }>['ranges']

/** What an honest peer with `theirs` answers. */
const summaryOf = (theirs: DocumentIndex, ranges: Ranges): Uint8Array =>
  Buffer.concat(ranges.map((range) => fingerprintsOf(theirs, range, levelBelow(range.level))))

interface Comparison {
  readonly keys: readonly number[]
  readonly announced: number
  readonly questions: readonly Question[]
  readonly plans: readonly Plan[]
}

/** Asks `summarise` and fetches from `theirs` until nothing is left to ask. */
const compare = (
  ours: DocumentIndex,
  theirs: DocumentIndex,
  summarise: (ranges: Ranges) => Uint8Array = (ranges) => summaryOf(theirs, ranges),
): Comparison => {
  const level = surveyLevelOf(theirs)
  let plan = planOf(ours, { level, fingerprints: fingerprintsOf(theirs, everything, level) })
  const keys: number[] = []
  const questions: Question[] = []
  const plans: Plan[] = [plan]
  let announced = 0
  for (let next = nextQuestion(ours, plan); next; next = nextQuestion(ours, plan)) {
    const { question } = next
    questions.push(question)
    // Whatever is asked, a frame can say it.
    frames.encode({ pull: 1, round: 1, ...question })
    plan = next.plan
    if (question.kind === 'fetch') {
      announced += countMissing(theirs, question.listings)
      for (let from = question.from; from < keyEnd;) {
        const missing = missingFrom(theirs, question.listings, { from, keysMax: 7 })
        keys.push(...missing.keys)
        from = missing.next
      }
    } else {
      const { ranges } = question
      const taken = takeSummary(ours, plan, { ranges, fingerprints: summarise(ranges) })
      if (!taken) throw new Error('The summary was refused')
      plan = taken
    }
    plans.push(plan)
  }
  return { keys, announced, questions, plans }
}

const differingKeys = (ours: readonly Item[], theirs: readonly Item[]): number[] => {
  const have = new Set(ours.map(({ key, text }) => `${key} ${text}`))
  const lacking = theirs.filter(({ key, text }) => !have.has(`${key} ${text}`))
  return [...new Set(lacking.map(({ key }) => key))].toSorted((a, b) => a - b)
}

describe('a comparison', () => {
  test('finds exactly the documents that the peer has and we have not, or otherwise', () => {
    fc.assert(
      fc.property(anyTwoSets, ({ ours, theirs }) => {
        const { keys } = compare(indexOf(ours), indexOf(theirs))
        expect(keys.toSorted((a, b) => a - b)).toEqual(differingKeys(ours, theirs))
      }),
      { numRuns: 400 },
    )
  })

  test('announces as many documents as there are to fetch', () => {
    fc.assert(
      fc.property(anyTwoSets, ({ ours, theirs }) => {
        const have = new Set(ours.map(({ key, text }) => `${key} ${text}`))
        const lacking = theirs.filter(({ key, text }) => !have.has(`${key} ${text}`))
        expect(compare(indexOf(ours), indexOf(theirs)).announced).toBe(lacking.length)
      }),
    )
  })

  test('of equal sets asks nothing', () => {
    fc.assert(
      fc.property(anyTwoSets, ({ ours }) => {
        expect(compare(indexOf(ours), indexOf(ours)).questions).toEqual([])
      }),
    )
  })

  test('with nothing of our own asks for all at once', async () => {
    const theirs = await builtIndexOf(Array.from({ length: 20_000 }, (_, number) => `${number}`))
    const { questions, keys } = compare(indexOf([]), theirs)
    expect(questions).toHaveLength(1)
    expect(keys).toHaveLength(20_000)
  })

  test('asks little when little differs, however much there is', async () => {
    const names = Array.from({ length: 30_000 }, (_, number) => `${number}`)
    const theirs = await builtIndexOf(names)
    const ours = await builtIndexOf(names.filter((_, at) => at % 300 !== 0))
    const { questions, keys } = compare(ours, theirs)
    expect(keys).toHaveLength(100)
    expect(questions.length).toBeLessThanOrEqual(3)
    const bytes = questions.map((question) => frames.encode({ pull: 1, round: 1, ...question }))
    expect(bytes.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(15_000)
  })

  test('can go on with a fetch from where it broke off', () => {
    fc.assert(
      fc.property(anyTwoSets, fc.nat(), ({ ours, theirs }, cut) => {
        const [mine, other] = [indexOf(ours), indexOf(theirs)]
        const level = surveyLevelOf(other)
        const fingerprints = fingerprintsOf(other, everything, level)
        const first = nextQuestion(mine, planOf(mine, { level, fingerprints }))?.question
        if (first?.kind !== 'fetch') return
        const all = keysOf(other, first)
        const next = cut % keyEnd
        const rest = restOf(first.listings, next)
        const later = rest?.kind === 'fetch' ? keysOf(other, rest) : []
        expect(later).toEqual(all.filter((key) => key >= next))
      }),
    )
  })
})

const keysOf = (
  index: DocumentIndex,
  { from, listings }: Extract<Question, { kind: 'fetch' }>,
): readonly number[] => missingFrom(index, listings, { from, keysMax: 10_000 }).keys

describe('a peer that lies', () => {
  const random = fc.infiniteStream(fc.integer({ min: 0, max: 255 }))

  test('makes us ask no more than we have documents, and remember no more than a bound', async () => {
    const names = Array.from({ length: 20_000 }, (_, number) => `${number}`)
    const ours = await builtIndexOf(names)
    // Whatever we ask, everything differs.
    let byte = 0
    const lie = (ranges: Ranges): Uint8Array =>
      new Uint8Array(ranges.length * 16 * fingerprintBytes).map(() => byte++ % 251)
    const theirs = await builtIndexOf(names.map((name) => `other ${name}`))
    const { questions, plans } = compare(ours, theirs, lie)
    expect(questions.length).toBeLessThan(200)
    const most = limits.foundMax + 16 * limits.comparedMax
    for (const { open, found } of plans) {
      expect(found.length).toBeLessThanOrEqual(most)
      expect(open.length).toBeLessThanOrEqual(2 ** limits.surveyLevelMax + most)
    }
  })

  test('has every answer taken or refused', () => {
    fc.assert(
      fc.property(anyTwoSets, random, fc.nat(3_000), ({ ours }, bytes, length) => {
        const index = indexOf(ours)
        const fingerprints = Uint8Array.from({ length }, () => Number(bytes.next().value))
        const ranges = [{ level: 0, place: 0 }]
        const plan = takeSummary(index, { open: [], found: [] }, { ranges, fingerprints })
        expect(plan !== undefined).toBe(length === 16 * fingerprintBytes)
      }),
    )
  })
})
