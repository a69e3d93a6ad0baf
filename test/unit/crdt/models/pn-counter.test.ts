/** The counter against its specification. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as pnCounter from '../../../../crdt/pn-counter.ts'
import { lossyScripts, play, runs } from '../histories.ts'
import { counter } from '../lattices.ts'
import { alice } from '../replicas.ts'
import { everyView } from './agreement.ts'

describe('a counter', () => {
  it('is the sum of all moves', () => {
    everyView(counter, (state, visible) => {
      expect(pnCounter.read(state)).toBe(visible.reduce((sum, e) => sum + e.operation, 0))
    })
  })

  it('counts of each replica what it heard of last, though what came before was lost', () => {
    fc.assert(
      fc.property(lossyScripts(counter), (script) => {
        const { replicas, events } = play(counter, script)
        for (const { state, known } of replicas) {
          const heard = events.filter(({ number }) => known.has(number))
          const lastByReplica = new Map(heard.map((event) => [event.author.replica, event]))
          const counted = events.filter(({ author, number }) => {
            const last = lastByReplica.get(author.replica)
            return last !== undefined && number <= last.number
          })
          expect(pnCounter.read(state)).toBe(counted.reduce((sum, e) => sum + e.operation, 0))
        }
      }),
      runs(200),
    )
  })

  it('does not count a replica twice while the delta between two of its own is missing', () => {
    const first = pnCounter.add(pnCounter.bottom, alice, 1)
    const two = pnCounter.join(first, pnCounter.add(first, alice, 1))
    const third = pnCounter.add(two, alice, 1)
    expect(pnCounter.read(pnCounter.join(first, third))).toBe(3)
  })

  it('refuses to move by what it could not count exactly', () => {
    const full = pnCounter.add(pnCounter.bottom, alice, Number.MAX_SAFE_INTEGER)
    expect(() => pnCounter.add(full, alice, 1)).toThrow('Broken invariant')
    expect(() => pnCounter.add(full, alice, 0.5)).toThrow('Broken invariant')
  })
})
