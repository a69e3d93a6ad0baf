/** The escrow counter as a bank: whatever happens to the deltas, no unit is spent twice. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as escrowCounter from '../../../../crdt/escrow-counter.ts'
import type { EscrowCounter } from '../../../../crdt/escrow-counter.ts'
import { lossyScripts, play, runs, type Event, type Step } from '../histories.ts'
import { escrow, type EscrowOperation } from '../lattices.ts'
import { alice, bob, carol, replicas } from '../replicas.ts'
import { everyView, type Visible } from './agreement.ts'

const { bottom, join, receive, spend, grant, rights, available, isDelta } = escrowCounter

const total = (events: readonly Event<unknown, EscrowOperation>[], kind: string) =>
  events.reduce((sum, { operation }) => sum + (operation.kind === kind ? operation.units : 0), 0)

/** A refused operation has the empty delta. */
const accepted = (events: Visible<EscrowOperation>) =>
  events.filter(({ delta }) => (delta as EscrowCounter).store.size > 0)

// Every account starts with enough for most of what is asked.
const opened = replicas.map((_, at): Step<EscrowOperation> => {
  return { kind: 'mutate', at, operation: { kind: 'receive', units: 30 } }
})
const workloads = lossyScripts(escrow, { maxLength: 60 }).map((script) => [...opened, ...script])

describe('a bank of three replicas', () => {
  it('never lets own rights fall below none, nor more be spent than was received, at any step', () => {
    fc.assert(
      fc.property(workloads, (script) => {
        play(escrow, script, ({ replicas: all, events }) => {
          const done = accepted(events)
          expect(total(done, 'spend')).toBeLessThanOrEqual(total(done, 'receive'))
          // What one would say who knew everything: nobody may believe to hold more than that.
          const whole = events.reduce((joined, { delta }) => join(joined, delta), bottom)
          all.forEach(({ state }, index) => {
            const held = rights(state, replicas[index]!)
            expect(held).toBeGreaterThanOrEqual(0)
            expect(held).toBeLessThanOrEqual(rights(whole, replicas[index]!))
          })
        })
      }),
      runs(300),
    )
  })

  it('accounts for every unit once all is known: rights held and units spent are what came in', () => {
    fc.assert(
      fc.property(lossyScripts(escrow), (script) => {
        const { events } = play(escrow, script)
        const state = events.reduce((joined, { delta }) => join(joined, delta), bottom)
        const held = replicas.reduce((sum, replica) => sum + rights(state, replica), 0)
        expect(held + escrowCounter.spent(state)).toBe(escrowCounter.received(state))
        for (const replica of replicas) expect(rights(state, replica)).toBeGreaterThanOrEqual(0)
      }),
      runs(300),
    )
  })

  it('shows what was received less what was spent, of all that is known', () => {
    everyView(escrow, (state, visible) => {
      const done = accepted(visible)
      expect(available(state)).toBe(total(done, 'receive') - total(done, 'spend'))
    })
  })

  it('refuses exactly what goes beyond the rights held, and says by how much', () => {
    fc.assert(
      fc.property(lossyScripts(escrow), fc.integer({ min: 1, max: 40 }), (script, units) => {
        const { replicas: all } = play(escrow, script)
        all.forEach(({ state }, index) => {
          const own = replicas[index]!
          const to = replicas[(index + 1) % 3]!
          const held = rights(state, own)
          for (const outcome of [
            spend(state, own, units),
            grant(state, { from: own, to, units }),
          ]) {
            const left = isDelta(outcome) ? rights(join(state, outcome), own) : -outcome.missing
            expect(left).toBe(held - units)
            expect(isDelta(outcome)).toBe(units <= held)
          }
        })
      }),
      runs(200),
    )
  })
})

describe('a grant', () => {
  const must = (outcome: EscrowCounter | escrowCounter.NotEnoughRights): EscrowCounter => {
    if (!isDelta(outcome)) throw new Error(`${outcome.missing} units are missing`)
    return outcome
  }

  // The account of alice stands twice in what bob has: as of her second change and as of her fourth.
  it('gives its units once, though the delta between two of the granter is missing', () => {
    let atAlice = receive(bottom, alice, 10)
    const granted = must(grant(atAlice, { from: alice, to: bob, units: 5 }))
    atAlice = join(atAlice, granted)
    atAlice = join(atAlice, must(spend(atAlice, alice, 1)))
    const later = must(spend(atAlice, alice, 1))
    const atBob = join(granted, later)
    expect(rights(atBob, bob)).toBe(5)
    expect(spend(atBob, bob, 6)).toEqual({ missing: 1 })
    expect(escrowCounter.received(atBob)).toBe(10)
  })

  it('can be handed on, and comes back', () => {
    let state = receive(bottom, alice, 3)
    state = join(state, must(grant(state, { from: alice, to: bob, units: 3 })))
    state = join(state, must(grant(state, { from: bob, to: carol, units: 2 })))
    state = join(state, must(grant(state, { from: carol, to: alice, units: 1 })))
    expect(replicas.map((replica) => rights(state, replica))).toEqual([1, 1, 1])
    expect(available(state)).toBe(3)
  })

  it('to oneself, of nothing, or of half a unit is our own mistake', () => {
    const state = receive(bottom, alice, 3)
    expect(() => grant(state, { from: alice, to: alice, units: 1 })).toThrow('Broken invariant')
    expect(() => grant(state, { from: alice, to: bob, units: 0 })).toThrow('Broken invariant')
    expect(() => spend(state, alice, 0.5)).toThrow('Broken invariant')
    expect(() => receive(state, alice, -1)).toThrow('Broken invariant')
    expect(() => receive(state, alice, Number.MAX_SAFE_INTEGER)).toThrow('Broken invariant')
  })
})
