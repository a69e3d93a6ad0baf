/** The escrow counter as a bank: whatever happens to the deltas, no unit is spent twice. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as escrowCounter from '../../../../crdt/escrow-counter.ts'
import type { EscrowCounter } from '../../../../crdt/escrow-counter.ts'
import { lossyScripts, play, runs, type Event, type Step } from '../histories.ts'
import { escrow, escrowOfLiving, type EscrowOperation } from '../lattices.ts'
import { alice, bob, carol, replicas } from '../replicas.ts'
import { everyView, type Visible } from './agreement.ts'

const { bottom, join, receive, spend, grant, reclaim, rights, available, isDelta } = escrowCounter

const total = (events: readonly Event<unknown, EscrowOperation>[], kind: string) =>
  events.reduce((sum, { operation }) => sum + (operation.kind === kind ? operation.units : 0), 0)

/** A refused operation has the empty delta. */
const accepted = (events: Visible<EscrowOperation>) =>
  events.filter(({ delta }) => (delta as EscrowCounter).store.size > 0)

// Every account starts with enough for most of what is asked.
const opened = replicas.map((_, at): Step<EscrowOperation> => {
  return { kind: 'mutate', at, operation: { kind: 'receive', units: 30 } }
})
const workloads = lossyScripts(escrowOfLiving, { maxLength: 60 }).map((script) => [
  ...opened,
  ...script,
])

describe('a bank of three replicas', () => {
  it('never lets own rights fall below none, nor more be spent than was received, at any step', () => {
    fc.assert(
      fc.property(workloads, (script) => {
        play(escrowOfLiving, script, ({ replicas: all, events }) => {
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
      fc.property(lossyScripts(escrowOfLiving), (script) => {
        const { events } = play(escrowOfLiving, script)
        const state = events.reduce((joined, { delta }) => join(joined, delta), bottom)
        for (const replica of replicas) expect(rights(state, replica)).toBeGreaterThanOrEqual(0)
      }),
      runs(300),
    )
  })

  it('neither makes nor loses a unit, whoever reclaims from whom', () => {
    fc.assert(
      fc.property(lossyScripts(escrow), (script) => {
        const { events } = play(escrow, script)
        const state = events.reduce((joined, { delta }) => join(joined, delta), bottom)
        const held = replicas.map((replica) => rights(state, replica))
        const total = held.reduce((sum, units) => sum + units, 0)
        expect(total + escrowCounter.spent(state)).toBe(escrowCounter.received(state))
        expect(rights(state, replicas)).toBe(total)
        const byReplica = escrowCounter.rightsByReplica(state)
        expect(replicas.map((replica) => byReplica.get(replica) ?? 0)).toEqual(held)
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
      fc.property(
        lossyScripts(escrowOfLiving),
        fc.integer({ min: 1, max: 40 }),
        (script, units) => {
          const { replicas: all } = play(escrowOfLiving, script)
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
        },
      ),
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

describe('a lineage', () => {
  const must = (outcome: EscrowCounter | object): EscrowCounter => {
    if (!('store' in outcome)) throw new Error('It was refused')
    return outcome
  }
  const lineage = [bob, alice]

  it('spends what its former replica had, in the account of the current one', () => {
    let state = receive(bottom, alice, 5)
    state = join(state, must(spend(state, alice, 1)))
    const spent = must(spend(state, lineage, 3))
    expect([...spent.store.values()].map(({ dot }) => dot.replica)).toEqual([bob])
    state = join(state, spent)
    expect(rights(state, lineage)).toBe(1)
    expect(rights(state, bob)).toBe(-3)
    expect(spend(state, lineage, 2)).toEqual({ missing: 1 })
    expect(escrowCounter.spentBy(state, lineage)).toBe(4)
  })

  it('grants out of one purse, and takes in what is granted to any of it', () => {
    let state = receive(bottom, alice, 5)
    state = join(state, must(grant(state, { from: lineage, to: carol, units: 4 })))
    state = join(state, must(grant(state, { from: carol, to: alice, units: 2 })))
    expect([rights(state, lineage), rights(state, carol)]).toEqual([3, 2])
    expect(() => grant(state, { from: lineage, to: alice, units: 1 })).toThrow('Broken invariant')
  })

  it('acts as its parts would, whatever they do: the purse is the sum', () => {
    fc.assert(
      fc.property(lossyScripts(escrow), (script) => {
        const { events } = play(escrow, script)
        const state = events.reduce((joined, { delta }) => join(joined, delta), bottom)
        expect(rights(state, lineage)).toBe(rights(state, alice) + rights(state, bob))
      }),
      runs(200),
    )
  })
})

describe('a reclaim', () => {
  const funded = receive(bottom, alice, 5)
  const must = (outcome: EscrowCounter | object): EscrowCounter => {
    if (!('store' in outcome)) throw new Error('It was refused')
    return outcome
  }

  it('takes over what is known to be unspent, and takes it once', () => {
    let state = funded
    state = join(state, must(spend(state, alice, 2)))
    state = join(state, must(reclaim(state, { by: bob, from: alice })))
    expect([rights(state, alice), rights(state, bob)]).toEqual([0, 3])
    expect(reclaim(state, { by: bob, from: alice })).toEqual({ unspent: 0 })
    state = join(state, must(grant(state, { from: bob, to: carol, units: 3 })))
    expect(rights(state, carol)).toBe(3)
  })

  it('takes a purse as a whole, where it is to be seen', () => {
    let state = funded
    state = join(state, must(spend(state, [carol, alice], 2)))
    const taken = must(reclaim(state, { by: bob, from: [carol, alice] }))
    expect([...taken.store.values()][0]?.value.reclaimed).toEqual(new Map([[alice, 3]]))
    expect(rights(join(state, taken), [carol, alice])).toBe(0)
    expect(rights(join(state, taken), bob)).toBe(3)
  })

  it('charges its owner for what was spent and not known', () => {
    const taken = must(reclaim(funded, { by: bob, from: alice }))
    const meanwhile = must(spend(funded, alice, 2))
    const state = join(join(funded, taken), meanwhile)
    expect([rights(state, alice), rights(state, bob)]).toEqual([-2, 5])
    expect(reclaim(state, { by: carol, from: alice })).toEqual({ unspent: -2 })
  })

  it('of oneself is our own mistake', () => {
    expect(() => reclaim(funded, { by: alice, from: alice })).toThrow('Broken invariant')
    expect(() => reclaim(funded, { by: [bob, alice], from: [bob] })).toThrow('Broken invariant')
  })

  it('is written so that an account without one has the bytes it had before there were any', () => {
    const bytes = (state: EscrowCounter) => Buffer.from(escrowCounter.encode(state)).toString('hex')
    const granted = must(grant(funded, { from: alice, to: bob, units: 2 }))
    const taken = must(reclaim(join(funded, granted), { by: bob, from: alice }))
    // Version, context, one entry: received, spent, one that units passed to or from.
    expect(bytes(granted)).toBe(`0101${alice}0200010002050001${bob}02`)
    expect(bytes(taken)).toBe(`0101${bob}0100010001000001${alice}000003`)
    expect(escrowCounter.decode(escrowCounter.encode(taken))).toEqual(taken)
  })
})
