/** The map of registers against its specification. */

import { describe, expect, it } from 'vitest'
import * as lwwRegister from '../../../../crdt/lww-register.ts'
import * as orMap from '../../../../crdt/or-map.ts'
import * as orSet from '../../../../crdt/or-set.ts'
import { lattice } from '../../../../crdt/causal.ts'
import { map } from '../lattices.ts'
import { alice, bob } from '../replicas.ts'
import { byTime, everyView, standing } from './agreement.ts'

describe('a map of registers', () => {
  it('has the keys of which an update stands, with the latest of those that stand', () => {
    everyView(map, (state, visible) => {
      const updates = visible.filter(({ operation }) => operation.kind === 'update')
      const left = standing(visible, updates, (later, earlier) => later.key === earlier.key)
      const expected = new Map<string, unknown>()
      for (const { operation } of byTime(left)) {
        if (operation.kind === 'update') expected.set(operation.key, operation.value)
      }
      const read = new Map<string, unknown>()
      for (const [key, register] of state.store) {
        read.set(key, lwwRegister.read({ store: register }))
      }
      expect(read).toEqual(expected)
    })
  })

  it('keeps of a removed key only what the remove had not seen', () => {
    const sets = orMap.shape(orSet.shape)
    const { bottom, join } = lattice(sets)
    const add = (state: orMap.OrMap<orSet.OrSet['store']>, by: typeof alice, element: string) =>
      orMap.update(state, orSet.shape, {
        key: 'shelf',
        edit: (shelf) => orSet.add(shelf, by, element),
      })
    const shared = add(bottom, alice, 'old')
    const removed = join(shared, orMap.remove(shared, orSet.shape, 'shelf'))
    const updated = join(shared, add(shared, bob, 'new'))
    const joined = join(removed, updated)
    expect(orSet.elements(orMap.get(joined, orSet.shape, 'shelf'))).toEqual(['new'])
    expect(removed.store.size).toBe(0)
  })
})
