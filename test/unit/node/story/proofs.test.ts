import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Product } from '../../../../node/story/answers.ts'
import { quantities, tags, twinNames, type Deeds } from '../../../../node/story/deeds.ts'
import {
  conclude,
  prove,
  proveMerged,
  proveSettled,
  type Evidence,
  type Settlement,
} from '../../../../node/story/proofs.ts'
import { forRegions, regions, type Region } from '../../../../node/story/regions.ts'

const usd = (amount: number) => ({ amount, currency: 'USD' })

const product = (id: string): Product => ({
  id,
  sku: id,
  name: `The ${id}`,
  categories: [],
  tags: [],
  price: usd(1000),
  variants: [{ id: `${id}-variant` }],
})

const deeds: Deeds = {
  cast: {
    shared: product('shared'),
    returning: product('returning'),
    repeated: product('repeated'),
    priced: product('priced'),
    tagged: product('tagged'),
    withdrawn: product('withdrawn'),
    visited: product('visited'),
  },
  cart: { id: 'cart', token: 'token' },
  prices: { eu: usd(900), us: usd(1100) },
  edit: 'Rewritten.',
  twins: { ids: { eu: 'twin', us: 'twin' }, names: twinNames },
}

const good: Evidence = {
  digests: forRegions(() => 'd1'.repeat(32)),
  vectors: forRegions(() => ({ alice: 10, bob: 4 })),
  receipts: ['alice:10', 'alice:3', 'bob:4'],
  service: forRegions(() => ({ requests: 12, failures: [] })),
  cart: forRegions(() => ({ shared: 5, returning: quantities.again, repeated: quantities.once })),
  price: forRegions(() => ({ value: usd(1100), siblings: [usd(900)] })),
  tags: forRegions(() => ['own', tags.added, tags.contested]),
  withdrawn: forRegions(() => ({ status: 404, edit: deeds.edit, isListed: true })),
  twin: forRegions(() => ({ name: twinNames.us, siblings: [twinNames.eu] })),
}

const failed = (evidence: Evidence, of: Deeds = deeds): readonly string[] =>
  prove(of, evidence)
    .filter(({ holds }) => !holds)
    .map(({ name }) => name)

/** What can go wrong at one node, and a word of the one proof that must not hold then. */
const faults: readonly (readonly [proof: RegExp, make: (region: Region) => Partial<Evidence>])[] = [
  [/equal/, (region) => ({ digests: { ...good.digests, [region]: 'd2'.repeat(32) } })],
  [/lost/, (region) => ({ vectors: { ...good.vectors, [region]: { alice: 9, bob: 4 } } })],
  [/lost/, (region) => ({ vectors: { ...good.vectors, [region]: { alice: 10 } } })],
  [/serving/, (region) => ({ service: { ...good.service, [region]: broken } })],
  [
    /serving/,
    (region) => ({ service: { ...good.service, [region]: { ...broken, failures: [] } } }),
  ],
  [/adds up/, (region) => ({ cart: { ...good.cart, [region]: { ...good.cart.eu, shared: 3 } } })],
  [/again/, (region) => ({ cart: { ...good.cart, [region]: { ...good.cart.eu, returning: 0 } } })],
  [/again/, (region) => ({ cart: { ...good.cart, [region]: { ...good.cart.eu, returning: 2 } } })],
  [/once/, (region) => ({ cart: { ...good.cart, [region]: { ...good.cart.eu, repeated: 2 } } })],
  [/price/, (region) => ({ price: { ...good.price, [region]: swapped } })],
  [/price/, (region) => ({ price: { ...good.price, [region]: { ...swapped, siblings: [] } } })],
  [/Tags/, (region) => ({ tags: { ...good.tags, [region]: ['own', tags.added] } })],
  [/Tags/, (region) => ({ tags: { ...good.tags, [region]: [...good.tags.eu, tags.dropped] } })],
  [/Tags/, (region) => ({ tags: { ...good.tags, [region]: ['own', tags.contested] } })],
  [/deleted/, (region) => withdrawnAt(region, { status: 200 })],
  [/deleted/, (region) => withdrawnAt(region, { edit: 'Before.' })],
  [/deleted/, (region) => withdrawnAt(region, { isListed: false })],
  [/SKU/, (region) => ({ twin: { ...good.twin, [region]: { ...good.twin.eu, siblings: [] } } })],
]

const broken = { requests: 0, failures: ['eu answers a read with 503'] }
const swapped = { value: usd(900), siblings: [usd(1100)] }
const withdrawnAt = (region: Region, fault: Partial<Evidence['withdrawn']['eu']>) => ({
  withdrawn: { ...good.withdrawn, [region]: { ...good.withdrawn.eu, ...fault } },
})

describe('the proofs', () => {
  test('hold for a story that went well', () => {
    expect(failed(good)).toEqual([])
    expect(prove(deeds, good).every(({ evidence }) => evidence !== '')).toBe(true)
  })

  test('one fault at one node breaks the one proof that is about it, and no other', () => {
    const fault = fc.constantFrom(...faults)
    fc.assert(
      fc.property(fault, fc.constantFrom(...regions), ([proof, make], region) => {
        expect(failed({ ...good, ...make(region) })).toEqual([expect.stringMatching(proof)])
      }),
    )
  })

  test('the same wrong thing on all three nodes is wrong too', () => {
    const wrong: Evidence = {
      ...good,
      cart: forRegions(() => ({ shared: 3, returning: 0, repeated: 2 })),
      price: forRegions(() => ({ value: usd(1000), siblings: [] })),
      tags: forRegions(() => []),
      twin: forRegions(() => ({ name: 'Neither', siblings: [] })),
    }
    expect(failed(wrong)).toHaveLength(6)
  })

  test('either price may win, so long as the other is kept', () => {
    expect(failed({ ...good, price: forRegions(() => swapped) })).toEqual([])
  })

  test('a product that is gone may be answered with 410', () => {
    const gone = { ...good.withdrawn.eu, status: 410 }
    expect(failed({ ...good, withdrawn: forRegions(() => gone) })).toEqual([])
  })

  test('a story in which nothing was acknowledged proves nothing about what is lost', () => {
    expect(failed({ ...good, receipts: [] })).toEqual([expect.stringMatching(/lost/)])
  })

  test('twins that got two ids have not met', () => {
    const apart = { ...deeds, twins: { ids: { eu: 'one', us: 'two' }, names: twinNames } }
    expect(failed(good, apart)).toEqual([expect.stringMatching(/SKU/)])
  })

  test('say what was found where, when the nodes differ', () => {
    const cart = { ...good.cart, us: { ...good.cart.us, shared: 3 } }
    const proof = prove(deeds, { ...good, cart }).find(({ holds }) => !holds)
    expect(proof?.evidence).toBe('The shared: 5 on eu, 3 on us, 5 on ap')
  })
})

describe('the settlement', () => {
  const conflict = { kind: 'product', id: 'priced', field: 'price', siblings: [] }
  const settled: Settlement = {
    kept: usd(900),
    product: 'priced',
    prices: forRegions(() => usd(900)),
    conflicts: forRegions(() => [{ ...conflict, field: 'name' }]),
  }

  test('holds when the price is the one kept and no node lists it', () => {
    expect(proveSettled(settled).holds).toBe(true)
  })

  test('fails while one node still lists the conflict, or shows another price', () => {
    fc.assert(
      fc.property(fc.constantFrom(...regions), (region) => {
        const conflicts = { ...settled.conflicts, [region]: [conflict] }
        const prices = { ...settled.prices, [region]: usd(1100) }
        expect(proveSettled({ ...settled, conflicts }).holds).toBe(false)
        expect(proveSettled({ ...settled, prices }).holds).toBe(false)
      }),
    )
  })
})

describe('the conclusion', () => {
  test('is proven only if every proof holds, and names those that do not', () => {
    expect(conclude(prove(deeds, good))).toEqual({
      isProven: true,
      text: '**All 10 proofs hold.**',
    })
    const digests = { ...good.digests, ap: 'other' }
    expect(conclude(prove(deeds, { ...good, digests }))).toEqual({
      isProven: false,
      text: '**1 of 10 proofs failed:** The three shops are equal.',
    })
  })
})

describe('the merged store', () => {
  const digest = 'd1'.repeat(32)
  const held = { state: 'archiving', backlogChanges: 0, digest, documents: 7 }
  const digests = forRegions(() => digest)

  test('holds what all three hold', () => {
    expect(proveMerged({ held, digests }).holds).toBe(true)
  })

  test.each(regions)('does not if %s holds something else', (region) => {
    expect(proveMerged({ held, digests: { ...digests, [region]: 'other' } }).holds).toBe(false)
  })

  test('does not if it holds something else, or cannot be asked', () => {
    const problem = { code: 'merged_store_failed', detail: 'No room.' }
    const silent = { state: 'refused', backlogChanges: 3, problem }
    expect(proveMerged({ held: { ...held, digest: 'other' }, digests }).holds).toBe(false)
    expect(proveMerged({ held: silent, digests })).toMatchObject({
      holds: false,
      evidence: 'it is refused, 3 changes behind: No room.',
    })
  })
})
