/** Every row of the conflict matrix about a type of `crdt/`, as a property over random earlier states. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Causal } from '../../../crdt/causal.ts'
import { compareTexts } from '../../../crdt/codec.ts'
import * as document from '../../../crdt/document.ts'
import * as escrowCounter from '../../../crdt/escrow-counter.ts'
import type { EscrowCounter } from '../../../crdt/escrow-counter.ts'
import * as eventLog from '../../../crdt/event-log.ts'
import * as ewFlag from '../../../crdt/ew-flag.ts'
import type { Timestamp } from '../../../crdt/hybrid-logical-clock.ts'
import * as lwwRegister from '../../../crdt/lww-register.ts'
import * as mvRegister from '../../../crdt/mv-register.ts'
import * as orMap from '../../../crdt/or-map.ts'
import * as orSet from '../../../crdt/or-set.ts'
import * as pnCounter from '../../../crdt/pn-counter.ts'
import type { Value } from '../../../crdt/value.ts'
import { rowsOf, typesOnPage } from './conflict-page.ts'
import { causalScripts, play, runs } from './histories.ts'
import {
  anyRegister,
  counter,
  documents,
  escrowOfLiving,
  everything,
  flag,
  lastWriter,
  log,
  map,
  multiValue,
  set,
  subjects,
  type Subject,
} from './lattices.ts'
import { alice, bob, carol, replicas } from './replicas.ts'

type Mutate<S> = (state: S, author: Timestamp) => S

interface Meeting<S> {
  /** What both had seen. */
  readonly before: S
  /** What each has after its own operation alone. */
  readonly atAlice: S
  readonly atBob: S
  /** What both have when they have met. */
  readonly after: S
}

/** Lets alice and bob do something at once, after any history, and shows what they meet in. */
const meet = <S>(
  subject: Subject<S>,
  byAlice: Mutate<S>,
  byBob: Mutate<S>,
  check: (meeting: Meeting<S>) => void,
): void => {
  const { join, encode } = subject.lattice
  const laterMs = fc.integer({ min: 0, max: 2 })
  fc.assert(
    fc.property(causalScripts(subject), laterMs, laterMs, (script, aliceMs, bobMs) => {
      const states = play(subject, script).replicas.map(({ state }) => state)
      const before = states.reduce((joined, state) => join(joined, state))
      const author = (replica: typeof alice, ms: number) => ({
        wallMs: 9_000_000 + ms,
        logical: 0,
        replica,
      })
      const deltaA = byAlice(before, author(alice, aliceMs))
      const deltaB = byBob(before, author(bob, bobMs))
      const [atAlice, atBob] = [join(before, deltaA), join(before, deltaB)]
      const after = join(atAlice, deltaB)
      expect(encode(join(atBob, deltaA))).toEqual(encode(after))
      check({ before, atAlice, atBob, after })
    }),
    runs(60),
  )
}

const enable: Mutate<ewFlag.EwFlag> = (state, { replica }) => ewFlag.enable(state, replica)
const disable: Mutate<ewFlag.EwFlag> = (state) => ewFlag.disable(state)

const add =
  (element: string): Mutate<orSet.OrSet> =>
  (state, { replica }) =>
    orSet.add(state, replica, element)
const remove =
  (element: string): Mutate<orSet.OrSet> =>
  (state) =>
    orSet.remove(state, element)

type Registers = orMap.OrMap<lwwRegister.LwwRegister['store']>

const update =
  (key: string, value: string): Mutate<Registers> =>
  (state, author) =>
    orMap.update(state, anyRegister, {
      key,
      edit: (register) => lwwRegister.write(register, author, value),
    })
const drop =
  (key: string): Mutate<Registers> =>
  (state) =>
    orMap.remove(state, anyRegister, key)
const valuesUnder = (state: Registers, key: string) =>
  lwwRegister.siblings(orMap.get(state, anyRegister, key)).map(({ value }) => value.value)

const received =
  (units: number): Mutate<EscrowCounter> =>
  (state, { replica }) =>
    escrowCounter.receive(state, replica, units)
/** An operation that must be within the rights held: the units are taken in before. */
const spent =
  (units: number): Mutate<EscrowCounter> =>
  (state, { replica }) =>
    afterReceiving(state, replica, units, (funded) => escrowCounter.spend(funded, replica, units))
const granted =
  (units: number): Mutate<EscrowCounter> =>
  (state, { replica }) =>
    afterReceiving(state, replica, units, (funded) =>
      escrowCounter.grant(funded, { from: replica, to: replica === alice ? bob : alice, units }),
    )

/** Takes over what `owner` is known to have left; nothing if there is nothing. */
const reclaimedOf =
  (owner: typeof alice): Mutate<EscrowCounter> =>
  (state, { replica }) => {
    const outcome = escrowCounter.reclaim(state, { by: replica, from: owner })
    return escrowCounter.isDelta(outcome) ? outcome : escrowCounter.bottom
  }
const spendAll: Mutate<EscrowCounter> = (state, { replica }) => {
  const own = escrowCounter.rights(state, replica)
  const outcome = own > 0 ? escrowCounter.spend(state, replica, own) : escrowCounter.bottom
  return escrowCounter.isDelta(outcome) ? outcome : escrowCounter.bottom
}
const grantAll: Mutate<EscrowCounter> = (state, { replica }) => {
  const units = escrowCounter.rights(state, replica)
  if (units === 0) return escrowCounter.bottom
  const outcome = escrowCounter.grant(state, { from: replica, to: carol, units })
  return escrowCounter.isDelta(outcome) ? outcome : escrowCounter.bottom
}

const afterReceiving = (
  state: EscrowCounter,
  replica: typeof alice,
  units: number,
  operation: (funded: EscrowCounter) => ReturnType<typeof escrowCounter.spend>,
): EscrowCounter => {
  const receipt = escrowCounter.receive(state, replica, units)
  const outcome = operation(escrowCounter.join(state, receipt))
  if (!escrowCounter.isDelta(outcome)) throw new Error('Units that came in can be spent')
  return escrowCounter.join(receipt, outcome)
}

const rightsOf = (state: EscrowCounter) =>
  replicas.map((replica) => escrowCounter.rights(state, replica))

/** How the rights of alice, bob and carol differ, and the units spent. */
const expectMoved = (
  { before, after }: Meeting<EscrowCounter>,
  by: { readonly rights: readonly [number, number, number]; readonly spent: number },
) => {
  const earlier = rightsOf(before)
  expect(rightsOf(after)).toEqual(by.rights.map((more, index) => earlier[index]! + more))
  expect(escrowCounter.spent(after)).toBe(escrowCounter.spent(before) + by.spent)
  expect(escrowCounter.spent(after)).toBeLessThanOrEqual(escrowCounter.received(after))
  expect(Math.min(...rightsOf(after))).toBeGreaterThanOrEqual(0)
}

/** How the rights of alice, bob and carol differ, whatever was spent: no unit is made or lost. */
const expectRights = (
  { before, after }: Meeting<EscrowCounter>,
  by: readonly [number, number, number],
) => {
  const earlier = rightsOf(before)
  expect(rightsOf(after)).toEqual(by.map((more, index) => earlier[index]! + more))
  const held = rightsOf(after).reduce((sum, units) => sum + units, 0)
  expect(held + escrowCounter.spent(after)).toBe(escrowCounter.received(after))
}

const sorted = (values: readonly Value[]) =>
  values.toSorted((a, b) => compareTexts(JSON.stringify(a), JSON.stringify(b)))

const write =
  (value: string): Mutate<lwwRegister.LwwRegister> =>
  (state, author) =>
    lwwRegister.write(state, author, value)
const shown = (state: lwwRegister.LwwRegister) =>
  lwwRegister.siblings(state).map(({ value }) => value.value)

type Everything = typeof everything.bottom
const edit =
  (edits: (author: Timestamp) => document.Edits<typeof everything.fields>): Mutate<Everything> =>
  (state, author) =>
    document.edit(everything, state, edits(author))

/** What is under a field, as a state of its own. */
const fieldOf = <N extends keyof Everything['store']>(
  { store, context }: Everything,
  name: N,
): Causal<Everything['store'][N]> => ({ store: store[name], context })

const properties: Readonly<Record<string, () => void>> = {
  'ew-flag: enable x enable': () =>
    meet(flag, enable, enable, ({ atAlice, after }) => {
      expect(ewFlag.isEnabled(after)).toBe(true)
      expect(ewFlag.isEnabled(ewFlag.join(after, ewFlag.disable(atAlice)))).toBe(true)
      expect(ewFlag.isEnabled(ewFlag.join(after, ewFlag.disable(after)))).toBe(false)
    }),
  'ew-flag: enable x disable': () =>
    meet(flag, enable, disable, ({ atBob, after }) => {
      expect(ewFlag.isEnabled(atBob)).toBe(false)
      expect(ewFlag.isEnabled(after)).toBe(true)
    }),
  'ew-flag: disable x disable': () =>
    meet(flag, disable, disable, ({ atAlice, after }) => {
      expect(ewFlag.isEnabled(after)).toBe(false)
      expect(ewFlag.encode(after)).toEqual(ewFlag.encode(atAlice))
    }),

  'mv-register: write x write': () =>
    ['mine', 'yours'].forEach((value) =>
      meet(
        multiValue,
        (state, { replica }) => mvRegister.write(state, replica, 'mine'),
        (state, { replica }) => mvRegister.write(state, replica, value),
        ({ after }) => {
          expect(sorted(mvRegister.values(after))).toEqual(['mine', value])
          const settled = mvRegister.write(after, alice, 'ours')
          expect(mvRegister.values(mvRegister.join(after, settled))).toEqual(['ours'])
        },
      ),
    ),

  'lww-register: write x write': () =>
    meet(lastWriter, write('alice'), write('bob'), ({ after }) => {
      const [first, second] = lwwRegister.siblings(after)
      expect(sorted(shown(after))).toEqual(['alice', 'bob'])
      expect(lwwRegister.read(after)).toBe(first?.value.value)
      // Of equal times alice's is shown: bob's replica id is the lower one.
      const isTie = first?.value.wallMs === second?.value.wallMs
      expect(!isTie || first?.dot.replica === alice).toBe(true)
      expect(first?.value.wallMs).toBeGreaterThanOrEqual(second?.value.wallMs ?? 0)
      const time = { wallMs: 9_000_009, logical: 0, replica: bob }
      const settled = lwwRegister.write(after, time, 'settled')
      expect(shown(lwwRegister.join(after, settled))).toEqual(['settled'])
    }),

  'or-set: add x add': () =>
    meet(set, add('red'), add('red'), ({ after }) => {
      expect(orSet.elements(after).filter((element) => element === 'red')).toEqual(['red'])
    }),
  'or-set: add x remove': () =>
    meet(set, add('red'), remove('red'), ({ atBob, after }) => {
      expect(orSet.has(atBob, 'red')).toBe(false)
      expect(orSet.has(after, 'red')).toBe(true)
    }),
  'or-set: remove x remove': () =>
    meet(set, remove('red'), remove('red'), ({ atAlice, after }) => {
      expect(orSet.has(after, 'red')).toBe(false)
      expect(orSet.encode(after)).toEqual(orSet.encode(atAlice))
    }),
  'or-set: any x any elsewhere': () =>
    [add, remove].forEach((mine) =>
      [add, remove].forEach((yours) =>
        meet(set, mine('red'), yours('blue'), ({ atAlice, atBob, after }) => {
          expect(orSet.has(after, 'red')).toBe(orSet.has(atAlice, 'red'))
          expect(orSet.has(after, 'blue')).toBe(orSet.has(atBob, 'blue'))
          expect(orSet.has(after, 'green')).toBe(orSet.has(atAlice, 'green'))
        }),
      ),
    ),

  'or-map: update x update': () =>
    meet(map, update('red', 'alice'), update('red', 'bob'), ({ atAlice, atBob, after }) => {
      expect(sorted(valuesUnder(after, 'red'))).toEqual(['alice', 'bob'])
      const under = (state: Registers) => orMap.get(state, anyRegister, 'red')
      const joined = lwwRegister.join(under(atAlice), under(atBob))
      expect(lwwRegister.encode(under(after))).toEqual(lwwRegister.encode(joined))
    }),
  'or-map: update x remove': () =>
    meet(map, update('red', 'alice'), drop('red'), ({ atBob, after }) => {
      expect(atBob.store.has('red')).toBe(false)
      expect(valuesUnder(after, 'red')).toEqual(['alice'])
    }),
  'or-map: remove x remove': () =>
    meet(map, drop('red'), drop('red'), ({ atAlice, after }) => {
      expect(after.store.has('red')).toBe(false)
      expect(orMap.encode(after)).toEqual(orMap.encode(atAlice))
    }),
  'or-map: any x any elsewhere': () =>
    [update('red', 'alice'), drop('red')].forEach((mine) =>
      [update('blue', 'bob'), drop('blue')].forEach((yours) =>
        meet(map, mine, yours, ({ atAlice, atBob, after }) => {
          expect(valuesUnder(after, 'red')).toEqual(valuesUnder(atAlice, 'red'))
          expect(valuesUnder(after, 'blue')).toEqual(valuesUnder(atBob, 'blue'))
          expect(valuesUnder(after, 'green')).toEqual(valuesUnder(atAlice, 'green'))
        }),
      ),
    ),

  'pn-counter: add x add': () =>
    [3, -3].forEach((mine) =>
      [5, -5].forEach((yours) =>
        meet(
          counter,
          (state, { replica }) => pnCounter.add(state, replica, mine),
          (state, { replica }) => pnCounter.add(state, replica, yours),
          ({ before, after }) => {
            expect(pnCounter.read(after)).toBe(pnCounter.read(before) + mine + yours)
          },
        ),
      ),
    ),

  'escrow-counter: receive x receive': () =>
    meet(escrowOfLiving, received(3), received(5), (meeting) =>
      expectMoved(meeting, { rights: [3, 5, 0], spent: 0 }),
    ),
  'escrow-counter: receive x spend': () =>
    meet(escrowOfLiving, received(3), spent(5), (meeting) =>
      expectMoved(meeting, { rights: [3, 0, 0], spent: 5 }),
    ),
  'escrow-counter: receive x grant': () =>
    meet(escrowOfLiving, received(3), granted(5), (meeting) =>
      expectMoved(meeting, { rights: [8, 0, 0], spent: 0 }),
    ),
  'escrow-counter: receive x reclaim': () =>
    meet(escrowOfLiving, received(3), reclaimedOf(alice), (meeting) => {
      const [own] = rightsOf(meeting.before)
      expectRights(meeting, [3 - own!, own!, 0])
    }),
  'escrow-counter: spend x spend': () =>
    meet(escrowOfLiving, spent(3), spent(5), (meeting) =>
      expectMoved(meeting, { rights: [0, 0, 0], spent: 8 }),
    ),
  'escrow-counter: spend x grant': () =>
    meet(escrowOfLiving, spent(3), granted(5), (meeting) => {
      expectMoved(meeting, { rights: [5, 0, 0], spent: 3 })
      const more = escrowCounter.spend(meeting.after, alice, 5)
      expect(escrowCounter.isDelta(more)).toBe(true)
    }),
  'escrow-counter: spend x reclaim': () =>
    meet(escrowOfLiving, spendAll, reclaimedOf(alice), (meeting) => {
      const [own] = rightsOf(meeting.before)
      expectRights(meeting, [-2 * own!, own!, 0])
    }),
  'escrow-counter: grant x grant': () =>
    meet(escrowOfLiving, granted(3), granted(5), (meeting) =>
      expectMoved(meeting, { rights: [5, 3, 0], spent: 0 }),
    ),
  'escrow-counter: grant x reclaim': () =>
    meet(escrowOfLiving, grantAll, reclaimedOf(alice), (meeting) => {
      const [own] = rightsOf(meeting.before)
      expectRights(meeting, [-2 * own!, own!, own!])
    }),
  'escrow-counter: reclaim x reclaim': () =>
    meet(escrowOfLiving, reclaimedOf(carol), reclaimedOf(carol), (meeting) => {
      const [, , left] = rightsOf(meeting.before)
      expectRights(meeting, [left!, left!, -2 * left!])
    }),

  'event-log: append x append': () =>
    meet(
      log,
      (state, author) => eventLog.append(state, author, 'by alice'),
      (state, author) => eventLog.append(state, author, 'by bob'),
      ({ before, after }) => {
        const entries = eventLog.entries(after)
        expect(entries.length).toBe(eventLog.entries(before).length + 2)
        const last = entries.slice(-2)
        expect(sorted(last.map(({ value }) => value.value))).toEqual(['by alice', 'by bob'])
        expect(entries.toSorted(lwwRegister.compareEntries)).toEqual(entries)
      },
    ),

  'document: edit x edit': () =>
    meet(
      documents,
      edit((author) => ({ tags: (tags) => orSet.add(tags, author.replica, 'red') })),
      edit(() => ({ tags: (tags) => orSet.remove(tags, 'red') })),
      ({ atAlice, atBob, after }) => {
        expect(orSet.has(fieldOf(after, 'tags'), 'red')).toBe(true)
        const joined = orSet.join(fieldOf(atAlice, 'tags'), fieldOf(atBob, 'tags'))
        expect(orSet.encode(fieldOf(after, 'tags'))).toEqual(orSet.encode(joined))
      },
    ),
  'document: edit x edit elsewhere': () => {
    const rename = edit((author) => ({ name: (name) => lwwRegister.write(name, author, 'new') }))
    const count = edit(({ replica }) => ({ views: (views) => pnCounter.add(views, replica, 2) }))
    meet(documents, rename, count, ({ before, atAlice, after }) => {
      expect(lwwRegister.read(fieldOf(after, 'name'))).toBe('new')
      const views = (state: Everything) => pnCounter.read(fieldOf(state, 'views'))
      expect(views(after)).toBe(views(before) + 2)
      const inTurn = everything.join(
        atAlice,
        count(atAlice, { wallMs: 9_000_009, logical: 0, replica: bob }),
      )
      expect(everything.encode(after)).toEqual(everything.encode(inTurn))
    })
  },
}

const operationsByType: Readonly<Record<string, readonly string[]>> = {
  'ew-flag': ['enable', 'disable'],
  'mv-register': ['write'],
  'lww-register': ['write'],
  'or-set': ['add', 'remove'],
  'or-map': ['update', 'remove'],
  'pn-counter': ['add'],
  'escrow-counter': ['receive', 'spend', 'grant', 'reclaim'],
  'event-log': ['append'],
  document: ['edit'],
}

/** Types of `crdt/` that are parts of others and have no operations of their own. */
const parts = ['causal-context', 'version-vector']

/** Documents whose rows are proved beside their rules. */
const documentsOfTheShop = [
  'cart',
  'coupon',
  'order',
  'payment',
  'payment-methods',
  'product',
  'promotion',
  'purchase',
  'shipment',
  'stock',
]

describe('the conflict matrix', () => {
  it('has rows for every type of crdt/', () => {
    const types = subjects.map(({ name }) => name).filter((name) => !parts.includes(name))
    expect(types.toSorted()).toEqual(Object.keys(operationsByType).toSorted())
    expect([...types, ...documentsOfTheShop]).toEqual(expect.arrayContaining([...typesOnPage()]))
  })

  it.each(Object.entries(operationsByType))('has every pair of operations of %s', (type, names) => {
    const pairs = names.flatMap((one, index) =>
      names.slice(index).map((other) => `${type}: ${one} x ${other}`),
    )
    expect(rowsOf(type).filter((row) => !row.endsWith(' elsewhere'))).toEqual(pairs)
  })

  it('has a row for each property and a property for each row', () => {
    const rows = Object.keys(operationsByType).flatMap(rowsOf)
    expect(rows).toEqual(Object.keys(properties))
  })

  it.each(Object.entries(properties))('%s', (_row, holds) => {
    expect(holds).not.toThrow()
  })
})
