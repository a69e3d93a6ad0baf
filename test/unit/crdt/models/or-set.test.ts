/** The add-wins set against its specification. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as orSet from '../../../../crdt/or-set.ts'
import type { OrSet } from '../../../../crdt/or-set.ts'
import { causalScripts, play, runs } from '../histories.ts'
import { set } from '../lattices.ts'
import { alice, bob } from '../replicas.ts'
import { everyView, standing } from './agreement.ts'

describe('a set', () => {
  it('holds what was added by an add that no later remove of it knew of', () => {
    everyView(set, (state, visible) => {
      const adds = visible.filter(({ operation }) => operation.kind === 'add')
      const left = standing(
        visible,
        adds,
        (later, earlier) => later.kind === 'remove' && later.element === earlier.element,
      )
      const expected = new Set(left.map(({ operation }) => operation.element))
      expect(orSet.elements(state)).toEqual([...expected].toSorted())
    })
  })

  it('never brings back what was removed, whatever older states it meets', () => {
    fc.assert(
      fc.property(causalScripts(set), (script) => {
        const { replicas, events } = play(set, script)
        for (const { state } of replicas) {
          for (const element of orSet.elements(state)) {
            const removed = orSet.join(state, orSet.remove(state, element))
            expect(orSet.has(removed, element)).toBe(false)
            // What it had joined before holds nothing that it has not seen.
            const older = events.filter(({ delta }) => isWithin(delta, state))
            const met = older.reduce((joined, { delta }) => orSet.join(joined, delta), removed)
            expect(orSet.encode(met)).toEqual(orSet.encode(removed))
          }
        }
      }),
      runs(100),
    )
  })

  // Kleppmann, "Designing Data-Intensive Applications", chapter 5: a cart whose siblings are united
  // as they are shows again what was taken out of it.
  it('keeps the cart of the book right: what one device took out stays out', () => {
    let cart: OrSet = orSet.bottom
    for (const item of ['book', 'pen']) cart = orSet.join(cart, orSet.add(cart, alice, item))
    const onPhone = orSet.join(cart, orSet.remove(cart, 'pen'))
    const onLaptop = orSet.join(cart, orSet.add(cart, bob, 'lamp'))
    expect(orSet.elements(orSet.join(onPhone, onLaptop))).toEqual(['book', 'lamp'])
    expect(orSet.elements(orSet.join(onLaptop, onPhone))).toEqual(['book', 'lamp'])
  })

  it('keeps an add that is concurrent with a remove', () => {
    const both = orSet.add(orSet.bottom, alice, 'red')
    const removed = orSet.join(both, orSet.remove(both, 'red'))
    const added = orSet.join(both, orSet.add(both, bob, 'red'))
    expect(orSet.elements(orSet.join(removed, added))).toEqual(['red'])
  })
})

const isWithin = (delta: OrSet, state: OrSet): boolean =>
  Buffer.compare(orSet.encode(orSet.join(delta, state)), orSet.encode(state)) === 0
