/** What becomes of a cart, told as scenarios that a product owner can read. */

import { describe, expect, test } from 'vitest'
import { meet, send } from '../catalog/region.ts'
import { act, openShops, own, quantities, type Act, type Sku } from './shopping.ts'

const add = (sku: Sku, quantity = 1, id?: string): Act => ({
  does: 'add',
  sku,
  quantity,
  ...(id && { id }),
})
const set = (sku: Sku, quantity: number, id?: string): Act => ({
  does: 'set',
  sku,
  quantity,
  ...(id && { id }),
})
const remove = (sku: Sku): Act => ({ does: 'remove', sku })
const clear: Act = { does: 'clear' }
const merge: Act = { does: 'merge' }
const unmerge: Act = { does: 'unmerge' }
const inOwn = (what: Act): Act => ({ ...what, cart: own }) as Act

type Quantities = Readonly<Partial<Record<Sku, number>>>

interface Scenario {
  readonly name: string
  /** What both regions knew before they were cut off from each other. */
  readonly given?: readonly Act[]
  /** What happened in each while they were; what alice does comes first in time. */
  readonly alice?: readonly Act[]
  readonly bob?: readonly Act[]
  /** What happened in bob's region after they met again. */
  readonly afterwards?: readonly Act[]
  readonly cart?: Quantities
  readonly own?: Quantities
}

const scenarios: readonly Scenario[] = [
  {
    name: 'two devices add one each: there are two',
    alice: [add('TEA')],
    bob: [add('TEA')],
    cart: { TEA: 2 },
  },
  {
    name: 'adds of one thing sum up',
    given: [add('TEA', 4)],
    alice: [add('TEA', 2)],
    bob: [add('TEA', 3)],
    cart: { TEA: 9 },
  },
  {
    name: 'adds of different things are two lines',
    alice: [add('TEA', 2)],
    bob: [add('CAKE', 3)],
    cart: { TEA: 2, CAKE: 3 },
  },
  {
    name: 'an add survives a remove that did not see it',
    given: [add('TEA', 2)],
    alice: [remove('TEA')],
    bob: [add('TEA', 3)],
    cart: { TEA: 3 },
  },
  {
    name: 'and so it does when the remove came later',
    given: [add('TEA', 2)],
    alice: [add('TEA', 3)],
    bob: [remove('TEA')],
    cart: { TEA: 3 },
  },
  {
    name: 'what both remove is gone',
    given: [add('TEA', 2)],
    alice: [remove('TEA')],
    bob: [remove('TEA')],
    cart: {},
  },
  {
    name: 'a remove leaves other lines alone',
    given: [add('TEA', 2), add('CAKE')],
    alice: [remove('TEA')],
    bob: [add('CAKE')],
    cart: { CAKE: 2 },
  },
  {
    name: 'of two that set a quantity the latest counts',
    alice: [set('TEA', 5)],
    bob: [set('TEA', 3)],
    cart: { TEA: 3 },
  },
  {
    name: 'and not the greatest',
    alice: [set('TEA', 3)],
    bob: [set('TEA', 5)],
    cart: { TEA: 5 },
  },
  {
    name: 'two that set the same quantity have it',
    alice: [set('TEA', 4)],
    bob: [set('TEA', 4)],
    cart: { TEA: 4 },
  },
  {
    name: 'an add comes on top of a set that did not see it',
    alice: [set('TEA', 5)],
    bob: [add('TEA', 2)],
    cart: { TEA: 7 },
  },
  {
    name: 'a set replaces what it saw, and nothing else',
    given: [add('TEA', 9)],
    alice: [set('TEA', 5)],
    bob: [add('TEA', 2)],
    cart: { TEA: 7 },
  },
  {
    name: 'an add after the set that lost stays',
    alice: [set('TEA', 5), add('TEA', 1)],
    bob: [set('TEA', 3)],
    cart: { TEA: 4 },
  },
  {
    name: 'a set survives a remove that did not see it',
    given: [add('TEA', 2)],
    alice: [set('TEA', 5)],
    bob: [remove('TEA')],
    cart: { TEA: 5 },
  },
  {
    name: 'to set none is to remove',
    given: [add('TEA', 4)],
    alice: [set('TEA', 0)],
    bob: [add('TEA', 1)],
    cart: { TEA: 1 },
  },
  {
    name: 'setting none loses against setting some, even if it came later',
    given: [add('TEA', 4)],
    alice: [set('TEA', 3)],
    bob: [set('TEA', 0)],
    cart: { TEA: 3 },
  },
  {
    name: 'an add survives a clear that did not see it',
    given: [add('TEA', 2), add('CAKE')],
    alice: [clear],
    bob: [add('TEA', 1)],
    cart: { TEA: 1 },
  },
  {
    name: 'a set survives a clear that did not see it',
    given: [add('TEA', 2)],
    alice: [set('TEA', 6)],
    bob: [clear],
    cart: { TEA: 6 },
  },
  {
    name: 'what both clear is empty',
    given: [add('TEA', 2), set('CAKE', 2)],
    alice: [clear],
    bob: [clear],
    cart: {},
  },
  {
    name: 'a clear and a remove leave nothing of what both saw',
    given: [add('TEA', 2), add('CAKE')],
    alice: [clear],
    bob: [remove('TEA')],
    cart: {},
  },
  {
    name: 'clearing and starting over keeps what was started',
    given: [add('TEA', 2)],
    alice: [clear, add('CAKE')],
    bob: [remove('TEA')],
    cart: { CAKE: 1 },
  },
  {
    name: 'an intent that reaches both regions counts once',
    alice: [add('TEA', 2, 'same')],
    bob: [add('TEA', 2, 'same')],
    cart: { TEA: 2 },
  },
  {
    name: 'so does a set that reaches both',
    given: [add('TEA', 1)],
    alice: [set('TEA', 2, 'same')],
    bob: [set('TEA', 2, 'same')],
    cart: { TEA: 2 },
  },
  {
    name: 'an intent that comes again after the regions met counts once',
    alice: [add('TEA', 2, 'again')],
    afterwards: [add('TEA', 2, 'again')],
    cart: { TEA: 2 },
  },
  {
    name: 'what was removed stays so when its intent comes again to a region that knows',
    given: [add('TEA', 2, 'again')],
    alice: [remove('TEA')],
    afterwards: [add('TEA', 2, 'again')],
    cart: {},
  },
  {
    name: 'an intent comes again to a region that heard neither of it nor of the remove: it counts',
    alice: [add('TEA', 2, 'again'), remove('TEA')],
    bob: [add('TEA', 2, 'again')],
    cart: { TEA: 2 },
  },
  {
    name: "a guest's lines are added to those of the account",
    given: [add('TEA', 2), inOwn(add('TEA', 3)), inOwn(add('CAKE'))],
    alice: [merge],
    cart: {},
    own: { TEA: 5, CAKE: 1 },
  },
  {
    name: 'merging twice is merging once',
    given: [add('TEA', 2)],
    alice: [merge, merge],
    afterwards: [merge],
    cart: {},
    own: { TEA: 2 },
  },
  {
    name: 'merging in two regions at once is merging once',
    given: [add('TEA', 2), set('CAKE', 4)],
    alice: [merge],
    bob: [merge],
    cart: {},
    own: { TEA: 2, CAKE: 4 },
  },
  {
    name: 'what a guest adds meanwhile stays in its cart, for the next merge',
    given: [add('TEA', 2)],
    alice: [merge],
    bob: [add('TEA', 1)],
    cart: { TEA: 1 },
    own: { TEA: 2 },
  },
  {
    name: 'and the next merge moves it',
    given: [add('TEA', 2)],
    alice: [merge],
    bob: [add('TEA', 1)],
    afterwards: [merge],
    cart: {},
    own: { TEA: 3 },
  },
  {
    name: 'unmerging puts everything back where it was',
    given: [add('TEA', 2), set('CAKE', 3), inOwn(set('TEA', 1))],
    alice: [merge, unmerge],
    cart: { TEA: 2, CAKE: 3 },
    own: { TEA: 1 },
  },
  {
    name: 'unmerging in two regions at once is unmerging once',
    given: [add('TEA', 2), merge],
    alice: [unmerge],
    bob: [unmerge],
    cart: { TEA: 2 },
    own: {},
  },
  {
    name: 'what was merged survives a remove that did not see it',
    given: [add('TEA', 2), inOwn(add('TEA', 3))],
    alice: [merge],
    bob: [inOwn(remove('TEA'))],
    cart: {},
    own: { TEA: 2 },
  },
  {
    name: 'what was merged is removed by whoever saw it, and does not come back by unmerging',
    given: [add('TEA', 2), merge],
    alice: [inOwn(remove('TEA'))],
    afterwards: [unmerge],
    cart: {},
    own: {},
  },
  {
    name: "the account's set and the guest's set are added up",
    given: [set('TEA', 2), inOwn(set('TEA', 3))],
    alice: [merge],
    cart: {},
    own: { TEA: 5 },
  },
  {
    name: 'of two sets of a guest that were merged apart the latest counts, as in one cart',
    alice: [set('TEA', 5), merge],
    bob: [set('TEA', 3), merge],
    cart: {},
    own: { TEA: 3 },
  },
  {
    name: 'setting a line after a merge replaces both parts of it',
    given: [add('TEA', 2), inOwn(add('TEA', 3)), merge],
    alice: [inOwn(set('TEA', 4))],
    cart: {},
    own: { TEA: 4 },
  },
]

describe.each(scenarios)('$name', (scenario) => {
  test.each([
    ['alice is heard first', true],
    ['bob is heard first', false],
  ])('%s', (_, aliceFirst) => {
    const { given = [], alice: inAlices = [], bob: inBobs = [], afterwards = [] } = scenario
    const { alice, bob } = openShops()
    for (const what of given) expect(act(alice, what)).not.toHaveProperty('refused')
    send(alice, bob)
    for (const what of inAlices) expect(act(alice, what)).not.toHaveProperty('refused')
    for (const what of inBobs) expect(act(bob, what)).not.toHaveProperty('refused')
    if (aliceFirst) meet(alice, bob)
    else meet(bob, alice)
    for (const what of afterwards) expect(act(bob, what)).not.toHaveProperty('refused')
    meet(bob, alice)
    for (const region of [alice, bob]) {
      expect(quantities(region)).toEqual(scenario.cart)
      expect(quantities(region, own)).toEqual(scenario.own ?? {})
    }
    expect(alice.digest()).toBe(bob.digest())
  })
})
