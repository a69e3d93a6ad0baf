/** The causal context: a compact set of dots that never claims what it has not seen. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as causalContext from '../../../crdt/causal-context.ts'
import { compareDots, dotKey, type Dot } from '../../../crdt/dot.ts'
import * as orSet from '../../../crdt/or-set.ts'
import { runs, shuffled } from './histories.ts'
import { alice, bob, replicas } from './replicas.ts'

const { of, has, next, join, isWithin, equals, countDots, dotsOf, bottom } = causalContext

const dots: fc.Arbitrary<readonly Dot[]> = fc.array(
  fc.record({ replica: fc.constantFrom(...replicas), counter: fc.integer({ min: 1, max: 8 }) }),
  { maxLength: 20 },
)

const keys = (all: Iterable<Dot>): ReadonlySet<string> => new Set([...all].map(dotKey))

describe('a causal context', () => {
  it('is the set of its dots: has, join, within, equality and count say what a set would', () => {
    fc.assert(
      fc.property(dots, dots, (mine, theirs) => {
        const [a, b] = [of(...mine), of(...theirs)]
        const [inA, inB] = [keys(mine), keys(theirs)]
        expect(keys(dotsOf(a))).toEqual(inA)
        expect(countDots(a)).toBe(inA.size)
        expect(keys(dotsOf(join(a, b)))).toEqual(inA.union(inB))
        expect(isWithin(a, b)).toBe(inA.isSubsetOf(inB))
        expect(equals(a, b)).toBe(inA.symmetricDifference(inB).size === 0)
        expect(causalContext.isEmpty(a)).toBe(inA.size === 0)
        for (const dot of [...mine, ...theirs]) expect(has(a, dot)).toBe(inA.has(dotKey(dot)))
      }),
      runs(500),
    )
  })

  it('keeps in its cloud only what lies beyond a gap', () => {
    fc.assert(
      fc.property(dots, dots, (mine, theirs) => {
        for (const { vector, cloud } of [of(...mine), join(of(...mine), of(...theirs))]) {
          for (const [replica, counters] of cloud) {
            expect(counters.size).toBeGreaterThan(0)
            expect(Math.min(...counters)).toBeGreaterThan((vector.get(replica) ?? 0) + 1)
          }
        }
      }),
      runs(300),
    )
  })

  it('has no cloud once every gap is closed, in whatever order that happens', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(), (count, seed) => {
        const all = Array.from({ length: count }, (_, index) => ({
          replica: alice,
          counter: index + 1,
        }))
        const context = causalContext.mutable(bottom)
        for (const dot of shuffled(all, seed)) causalContext.absorb(context, of(dot))
        expect(context.cloud.size).toBe(0)
        expect(context.vector.get(alice)).toBe(count)
      }),
      runs(100),
    )
  })

  it('names the next dot of a replica after all of its own', () => {
    const seen = of({ replica: alice, counter: 1 }, { replica: alice, counter: 2 })
    expect(next(seen, alice)).toEqual({ replica: alice, counter: 3 })
    expect(next(seen, bob)).toEqual({ replica: bob, counter: 1 })
  })

  it('is not shared with the copy that is changed in place', () => {
    const original = of({ replica: alice, counter: 1 }, { replica: alice, counter: 3 })
    const copy = causalContext.mutable(original)
    causalContext.absorb(copy, of({ replica: alice, counter: 2 }, { replica: alice, counter: 5 }))
    expect([...dotsOf(original)].toSorted(compareDots).map(({ counter }) => counter)).toEqual([
      1, 3,
    ])
  })
})

describe('a delta with a bare version vector', () => {
  const first = orSet.add(orSet.bottom, alice, 'first')
  const atAlice = orSet.join(first, orSet.add(orSet.bottom, alice, 'first'))
  const second = orSet.add(atAlice, alice, 'second')

  it('would claim the dots before its own, and delete what they added', () => {
    // What a delta of dot 2 looks like to those who keep vectors only.
    const bare = {
      store: second.store,
      context: { vector: new Map([[alice, 2]]), cloud: new Map() },
    }
    expect(orSet.elements(orSet.join(orSet.join(orSet.bottom, bare), first))).toEqual(['second'])
  })

  it('is why ours is exact: out of order, both adds arrive', () => {
    expect(has(second.context, { replica: alice, counter: 1 })).toBe(false)
    expect(orSet.elements(orSet.join(orSet.join(orSet.bottom, second), first))).toEqual([
      'first',
      'second',
    ])
  })
})
