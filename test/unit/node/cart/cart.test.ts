/** A cart against its specification, and each row of its conflict matrix as a property. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accountCartId, cartIdOf } from '../../../../node/cart/cart-id.ts'
import { rowsOf } from '../../crdt/conflict-page.ts'
import { meet, send, type Region } from '../catalog/region.ts'
import { act, openShops, quantities, skus, type Act } from './shopping.ts'

type Line = Extract<Act, { does: 'add' | 'set' }>

const sku = fc.constantFrom(...skus)
const quantity = fc.integer({ min: 1, max: 9 })
const anAdd = fc.record({ does: fc.constant('add' as const), sku, quantity })
const aSet = fc.record({ does: fc.constant('set' as const), sku, quantity })
const aRemove = fc.record({ does: fc.constant('remove' as const), sku })
const aClear = fc.record({ does: fc.constant('clear' as const) })
const anAct = fc.oneof(anAdd, anAdd, aSet, aRemove, aClear)
const acts = fc.array(anAct, { maxLength: 8 })

/** What two regions did: what both knew, and what each did while it did not hear of the other. */
interface History {
  readonly given: readonly Act[]
  readonly alice: readonly Act[]
  readonly bob: readonly Act[]
}

/**
 * The specification: an add or a set is there unless an act that had seen it took its line away. Of
 * the sets that are there the latest counts, and all adds are on top. All that alice does comes
 * before all that bob does, and what both knew before either.
 */
const expected = ({ given, alice, bob }: History): Record<string, number> => {
  const seenBy = (later: readonly Act[], what: Line) => later.some((one) => takesAway(one, what))
  const left = [
    ...given.filter(
      (what, at) => isLine(what) && !seenBy([...given.slice(at + 1), ...alice, ...bob], what),
    ),
    ...[alice, bob].flatMap((own) =>
      own.filter((what, at) => isLine(what) && !seenBy(own.slice(at + 1), what)),
    ),
  ].filter(isLine)
  return Object.fromEntries(
    skus.flatMap((sku) => {
      const ofLine = left.filter((what) => what.sku === sku)
      const base = ofLine.findLast(({ does }) => does === 'set')?.quantity ?? 0
      const total = ofLine
        .filter(({ does }) => does === 'add')
        .reduce((sum, { quantity }) => sum + quantity, base)
      return total > 0 ? [[sku, total]] : []
    }),
  )
}

const isLine = (what: Act): what is Line => what.does === 'add' || what.does === 'set'

const takesAway = (what: Act, line: Line): boolean =>
  what.does === 'clear' ||
  ((what.does === 'remove' || what.does === 'set') && what.sku === line.sku)

/** Plays histories in two regions, each on a cart of its own; answers what both hold in the end. */
const createStage = () => {
  const { alice, bob } = openShops()
  let carts = 0
  return ({ given, alice: inAlices, bob: inBobs }: History) => {
    const bytes = new Uint8Array(13)
    new DataView(bytes.buffer).setUint32(0, ++carts)
    const id = cartIdOf(bytes)
    const own = accountCartId(id)
    const play = (where: Region, what: Act) => act(where, what, { guest: id, own })
    for (const what of given) play(alice, what)
    send(alice, bob)
    for (const what of inAlices) play(alice, what)
    for (const what of inBobs) play(bob, what)
    meet(alice, bob)
    expect(alice.digest()).toBe(bob.digest())
    return {
      guest: quantities(bob, id),
      account: quantities(bob, own),
      saved: quantities(bob, id, 'saved'),
    }
  }
}

test('a cart is what its specification says of all that was done to it', () => {
  const outcome = createStage()
  fc.assert(
    fc.property(fc.record({ given: acts, alice: acts, bob: acts }), (history) => {
      expect(outcome(history).guest).toEqual(expected(history))
    }),
    { numRuns: 100 },
  )
})

const addOf = (units: number): Act => ({ does: 'add', sku: 'TEA', quantity: units })
const setOf = (units: number): Act => ({ does: 'set', sku: 'TEA', quantity: units })
const remove = (): Act => ({ does: 'remove', sku: 'TEA' })
const clear = (): Act => ({ does: 'clear' })
const save = (): Act => ({ does: 'save', sku: 'TEA' })
const unsave = (): Act => ({ does: 'unsave', sku: 'TEA' })
const discard = (): Act => ({ does: 'discard', sku: 'TEA' })
const merge = (): Act => ({ does: 'merge' })
const unmerge = (): Act => ({ does: 'unmerge' })

/** A row: two acts on a line of a guest's cart that held `before`, and how many are where then. */
interface Row {
  readonly acts: readonly [one: (x: number) => Act, other: (y: number) => Act]
  readonly isMerged?: true
  /** Whether the line was kept for later before. */
  readonly isSaved?: true
  /** `last` is the quantity of the later act. */
  readonly left: (figures: { before: number; x: number; y: number; last: number }) => Left
}

interface Left {
  readonly guest?: number
  readonly account?: number
  /** Kept for later in the guest's cart. */
  readonly saved?: number
}

const rows: Readonly<Record<string, Row>> = {
  'cart: add x add': {
    acts: [addOf, addOf],
    left: ({ before, x, y }) => ({ guest: before + x + y }),
  },
  'cart: add x set': { acts: [addOf, setOf], left: ({ x, y }) => ({ guest: x + y }) },
  'cart: add x remove': { acts: [addOf, remove], left: ({ x }) => ({ guest: x }) },
  'cart: add x clear': { acts: [addOf, clear], left: ({ x }) => ({ guest: x }) },
  'cart: add x merge': {
    acts: [addOf, merge],
    left: ({ before, x }) => ({ guest: x, account: before }),
  },
  'cart: set x set': { acts: [setOf, setOf], left: ({ last }) => ({ guest: last }) },
  'cart: set x remove': { acts: [setOf, remove], left: ({ x }) => ({ guest: x }) },
  'cart: set x clear': { acts: [setOf, clear], left: ({ x }) => ({ guest: x }) },
  'cart: set x merge': {
    acts: [setOf, merge],
    left: ({ before, x }) => ({ guest: x, account: before }),
  },
  'cart: remove x remove': { acts: [remove, remove], left: () => ({}) },
  'cart: remove x clear': { acts: [remove, clear], left: () => ({}) },
  'cart: remove x merge': { acts: [remove, merge], left: ({ before }) => ({ account: before }) },
  'cart: clear x clear': { acts: [clear, clear], left: () => ({}) },
  'cart: clear x merge': { acts: [clear, merge], left: ({ before }) => ({ account: before }) },
  'cart: merge x merge': { acts: [merge, merge], left: ({ before }) => ({ account: before }) },
  'cart: merge x unmerge': {
    isMerged: true,
    acts: [merge, unmerge],
    left: ({ before }) => ({ guest: before }),
  },
  'cart: unmerge x unmerge': {
    isMerged: true,
    acts: [unmerge, unmerge],
    left: ({ before }) => ({ guest: before }),
  },
  'cart: add x save': {
    acts: [addOf, save],
    left: ({ before, x }) => ({ guest: x, saved: before }),
  },
  'cart: set x save': {
    acts: [setOf, save],
    left: ({ before, x }) => ({ guest: x, saved: before }),
  },
  'cart: remove x save': { acts: [remove, save], left: ({ before }) => ({ saved: before }) },
  'cart: clear x save': { acts: [clear, save], left: ({ before }) => ({ saved: before }) },
  'cart: merge x save': {
    acts: [merge, save],
    left: ({ before }) => ({ account: before, saved: before }),
  },
  'cart: save x save': { acts: [save, save], left: ({ before }) => ({ saved: before }) },
  'cart: unsave x unsave': {
    isSaved: true,
    acts: [unsave, unsave],
    left: ({ before }) => ({ guest: before }),
  },
  'cart: unsave x discard': {
    isSaved: true,
    acts: [unsave, discard],
    left: ({ before }) => ({ guest: before }),
  },
  'cart: discard x discard': { isSaved: true, acts: [discard, discard], left: () => ({}) },
}

describe('the conflict matrix', () => {
  test('has a row for each property and a property for each row', () => {
    expect(rowsOf('cart')).toEqual(Object.keys(rows))
  })

  test.each(Object.entries(rows))('%s', (_, { acts: [one, other], isMerged, isSaved, left }) => {
    const outcome = createStage()
    const held = fc.array(quantity, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(held, quantity, quantity, fc.boolean(), (adds, x, y, isOtherLater) => {
        const given = [
          ...adds.map(addOf),
          ...(isMerged ? [merge()] : []),
          ...(isSaved ? [save()] : []),
        ]
        const before = adds.reduce((a, b) => a + b, 0)
        const history = isOtherLater
          ? { given, alice: [one(x)], bob: [other(y)] }
          : { given, alice: [other(y)], bob: [one(x)] }
        const {
          guest = 0,
          account = 0,
          saved = 0,
        } = left({ before, x, y, last: isOtherLater ? y : x })
        expect(outcome(history)).toEqual({
          guest: tea(guest),
          account: tea(account),
          saved: tea(saved),
        })
      }),
      { numRuns: 20 },
    )
  })
})

const tea = (units: number) => (units > 0 ? { TEA: units } : {})
