/** Version vectors say how much of each replica was seen. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as versionVector from '../../../crdt/version-vector.ts'
import { runs } from './histories.ts'
import { alice, bob, replicas } from './replicas.ts'

const { has, isWithin, equals, countMissing, join } = versionVector

const vectors = fc
  .array(fc.tuple(fc.constantFrom(...replicas), fc.integer({ min: 1, max: 4 })), { maxLength: 3 })
  .map((entries) => new Map(entries))

const dots = replicas.flatMap((replica) => [1, 2, 3, 4].map((counter) => ({ replica, counter })))

describe('a version vector', () => {
  it('is the set of the dots up to its counters', () => {
    fc.assert(
      fc.property(vectors, vectors, (a, b) => {
        const missing = dots.filter((dot) => has(a, dot) && !has(b, dot))
        expect(countMissing(a, b)).toBe(missing.length)
        expect(isWithin(a, b)).toBe(missing.length === 0)
        expect(equals(a, b)).toBe(dots.every((dot) => has(a, dot) === has(b, dot)))
        const joined = join(a, b)
        expect(dots.filter((dot) => has(joined, dot))).toEqual(
          dots.filter((dot) => has(a, dot) || has(b, dot)),
        )
      }),
      runs(500),
    )
  })

  it('of nothing is within every other, and equal to none but itself', () => {
    const one = new Map([[alice, 1]])
    expect(isWithin(versionVector.bottom, one)).toBe(true)
    expect(equals(versionVector.bottom, one)).toBe(false)
    expect(equals(one, versionVector.bottom)).toBe(false)
    expect(equals(new Map([[bob, 1]]), one)).toBe(false)
  })
})
