/** Live states: what the laws do not say of taking deltas in place. */

import { describe, expect, it } from 'vitest'
import * as causalContext from '../../../crdt/causal-context.ts'
import { lattice } from '../../../crdt/causal.ts'
import { dotRecord } from '../../../crdt/dot-store.ts'
import * as live from '../../../crdt/live.ts'
import * as lwwRegister from '../../../crdt/lww-register.ts'
import * as orMap from '../../../crdt/or-map.ts'
import * as orSet from '../../../crdt/or-set.ts'
import { anyRegister, everything } from './lattices.ts'
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

  it('takes deltas of records under the keys of a map', () => {
    const of = dotRecord({ tags: [1, orSet.shape], notes: [2, anyRegister] })
    const shape = orMap.shape(of)
    const { bottom, join, encode, decode } = lattice(shape)
    const time = { wallMs: 1, logical: 0, replica: bob }
    const tag = (state: typeof bottom) =>
      orMap.update(state, of, {
        key: 'one',
        edit: ({ store, context }) => {
          const added = orSet.add({ store: store.tags, context }, alice, 'red')
          return { store: { ...of.bottom, tags: added.store }, context: added.context }
        },
      })
    const note = (state: typeof bottom) =>
      orMap.update(state, of, {
        key: 'one',
        edit: ({ store, context }) => {
          const written = lwwRegister.write({ store: store.notes, context }, time, 'new')
          return { store: { ...of.bottom, notes: written.store }, context: written.context }
        },
      })
    const tagged = join(bottom, tag(bottom))
    const noted = join(tagged, note(tagged))
    const removed = orMap.remove(tagged, of, 'one')
    for (const deltas of [
      [note(tagged), removed],
      [removed, note(tagged)],
      [noted, removed],
    ]) {
      const inPlace = live.thaw(shape, tagged)
      for (const delta of deltas) live.absorb(inPlace, delta)
      expect(encode(inPlace)).toEqual(encode(deltas.reduce(join, tagged)))
      expect(encode(decode(encode(inPlace)))).toEqual(encode(inPlace))
    }
    const emptied = live.thaw(shape, tagged)
    live.absorb(emptied, removed)
    expect(emptied.store.size).toBe(0)
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
