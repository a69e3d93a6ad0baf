/** Live states: what the laws do not say of taking deltas in place. */

import { describe, expect, it } from 'vitest'
import * as causalContext from '../../../crdt/causal-context.ts'
import * as live from '../../../crdt/live.ts'
import * as orSet from '../../../crdt/or-set.ts'
import { everything } from './lattices.ts'
import { alice, bob } from './replicas.ts'

describe('a live state', () => {
  it('forgets the place of what is gone, so that it does not grow with churn', () => {
    const set = live.thaw(orSet.shape, orSet.bottom)
    for (let round = 0; round < 1_000; round++) {
      live.absorb(set, orSet.add(set, alice, 'red'))
      live.absorb(set, orSet.remove(set, 'red'))
    }
    expect(orSet.elements(set)).toEqual([])
    expect(set.places.values().reduce((sum, own) => sum + own.size, 0)).toBe(0)
  })

  it('does not walk a vector that claims a million times a million events', () => {
    const set = live.thaw(orSet.shape, orSet.add(orSet.bottom, alice, 'red'))
    live.absorb(set, {
      store: new Map(),
      context: {
        vector: new Map([
          [alice, 10 ** 12],
          [bob, 10 ** 12],
        ]),
        cloud: new Map(),
      },
    })
    expect(orSet.elements(set)).toEqual([])
    expect(causalContext.has(set.context, { replica: bob, counter: 10 ** 12 })).toBe(true)
  })

  it('leaves the state it was made of alone', () => {
    const state = orSet.join(orSet.bottom, orSet.add(orSet.bottom, alice, 'red'))
    const copy = live.thaw(orSet.shape, state)
    live.absorb(copy, orSet.remove(state, 'red'))
    live.absorb(copy, orSet.add(copy, alice, 'blue'))
    expect(orSet.elements(state)).toEqual(['red'])
    expect(orSet.elements(copy)).toEqual(['blue'])
  })

  it('never writes into the bottom that all states share', () => {
    const before = everything.encode(everything.bottom)
    const copy = live.thaw(everything.shape, everything.bottom)
    live.absorb(copy, { ...everything.bottom, ...tagged(copy.context) })
    expect(orSet.elements({ store: copy.store.tags })).toEqual(['red'])
    expect(everything.encode(everything.bottom)).toEqual(before)
    expect(orSet.elements({ store: everything.bottom.store.tags })).toEqual([])
  })
})

const tagged = (context: causalContext.CausalContext) => {
  const added = orSet.add({ store: new Map(), context }, alice, 'red')
  return { store: { ...everything.bottom.store, tags: added.store }, context: added.context }
}
