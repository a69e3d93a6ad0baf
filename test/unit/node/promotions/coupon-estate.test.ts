/** What a node that is gone had left of coupons passes to one heir, and no limit is exceeded by it. */

import { describe, expect, test } from 'vitest'
import * as escrowCounter from '../../../../crdt/escrow-counter.ts'
import { createAccount } from '../../../../node/identity/account.ts'
import { openEstate } from '../../../../node/inventory/estate.ts'
import { allowedHere, homeOf, usedBy } from '../../../../node/promotions/allowance.ts'
import {
  coupon,
  issueCoupon,
  viewCoupon,
  type CouponCode,
} from '../../../../node/promotions/coupon.ts'
import { promotionRules } from '../../../../node/promotions/promotion.ts'
import { declareGone, readmit } from '../../../../node/replication/membership.ts'
import { createIslands, rough, type Island, type Islands } from '../inventory/islands.ts'
import { promotionInput } from '../pricing/market.ts'
import { accountOf, hash, placing } from './redeeming.ts'

const code = 'WELCOME' as CouponCode
const names = ['eu', 'us', 'ap'] as const

interface Limits {
  readonly limit: number
  readonly perCustomer: number | null
}

/** Three nodes; a customer signed up at each, and the coupon's uses are shared out. */
const open = async (seed: number, { limit, perCustomer }: Limits, sea = { isRough: false }) => {
  const islands = await createIslands(names, { seed, ...(sea.isRough && { sea: rough }) })
  await islands.settle()
  const [eu, us, ap] = names.map((name) => islands.island(name)) as [Island, Island, Island]
  for (const [name, one] of [
    ['eu', eu],
    ['us', us],
    ['ap', ap],
  ] as const) {
    const input = {
      id: accountOf(`${customers.indexOf(name)}`),
      email: `${name}@example.com`,
      passwordHash: hash,
      roles: [],
    }
    await islands.await(one.run({ decide: createAccount, input }))
  }
  const promotion = { ...promotionInput({ needsCoupon: true }), id: 'welcome' }
  await islands.await(eu.run({ decide: promotionRules.create, input: promotion }))
  const nodes = [us.core.replica(), ap.core.replica()]
  const issue = { code, promotion: 'welcome', limit, perCustomer, endsMs: null, nodes }
  expect(await islands.await(eu.run({ decide: issueCoupon, input: issue }))).toMatchObject({
    ok: true,
  })
  await islands.settle()
  return { islands, eu, us, ap }
}

const customers = ['eu', 'us', 'ap']
const customerOf = (name: string) => accountOf(`${customers.indexOf(name)}`)

const redeem = async (sea: Islands, at: Island, of: string): Promise<boolean> => {
  const input = { coupons: [{ code }], customer: customerOf(of) }
  return (await sea.await(at.run({ decide: placing, input }))).ok
}

const rightsAt = ({ core }: Island): number =>
  escrowCounter.rights({ store: core.read(coupon, code).store.uses }, core.lineage())

const allowed = ({ core }: Island, of: string, perCustomer: number): number =>
  allowedHere(
    { read: core.read, replica: core.replica(), lineage: core.lineage() },
    { code, customer: customerOf(of), perCustomer },
  )

const leave = (sea: Islands, node: string, state: 'open' | 'cut' = 'cut') => {
  for (const { name } of sea.all) if (name !== node) sea.setLink(name, node, state)
}

const giveUp = (sea: Islands, at: Island, node: string) => {
  const input = { self: at.name, name: node, reason: 'burned' }
  return sea.await(at.run({ decide: declareGone, input }))
}

const claim = (sea: Islands, at: Island, node: string) => {
  const input = { self: at.name, node, heardMs: undefined }
  return sea.await(at.run({ decide: openEstate, input }))
}

describe('the coupons of a node that was given up', () => {
  test('are used by its heir, to the last use and no further', async () => {
    const { islands, eu, us, ap } = await open(1, { limit: 9, perCustomer: null })
    expect([eu, us, ap].map(rightsAt)).toEqual([3, 3, 3])
    expect(await redeem(islands, eu, 'eu')).toBe(true)
    await islands.settle()
    leave(islands, 'eu')
    await giveUp(islands, us, 'eu')
    await claim(islands, us, 'eu')
    await islands.time.advance(3_000)
    await islands.settleAmong(['us', 'ap'])
    expect([us, ap].map(rightsAt)).toEqual([5, 3])
    for (let uses = 0; uses < 5; uses++) expect(await redeem(islands, us, 'us')).toBe(true)
    expect(await redeem(islands, us, 'us')).toBe(false)
  })

  test('are not taken before every other node has witnessed', async () => {
    const { islands, us, ap } = await open(2, { limit: 9, perCustomer: 2 })
    leave(islands, 'eu')
    islands.setLink('us', 'ap', 'cut')
    await giveUp(islands, us, 'eu')
    await claim(islands, us, 'eu')
    await islands.time.advance(3_000)
    expect(rightsAt(us)).toBe(3)
    expect(allowed(us, 'eu', 2)).toBe(0)
    islands.setLink('us', 'ap', 'open')
    await islands.time.advance(3_000)
    expect(rightsAt(us)).toBe(6)
    expect(allowed(us, 'eu', 2)).toBe(2)
    expect(allowed(ap, 'eu', 2)).toBe(0)
    expect(homeOf(ap.core, customerOf('eu'))).toBe('us')
  })

  test('count for its customers, who used some of theirs before', async () => {
    const { islands, eu, us } = await open(3, { limit: 30, perCustomer: 3 })
    expect(await redeem(islands, eu, 'eu')).toBe(true)
    await islands.settle()
    leave(islands, 'eu')
    expect(await redeem(islands, us, 'eu')).toBe(false)
    await giveUp(islands, us, 'eu')
    await claim(islands, us, 'eu')
    await islands.time.advance(3_000)
    expect([await redeem(islands, us, 'eu'), await redeem(islands, us, 'eu')]).toEqual([true, true])
    expect(await redeem(islands, us, 'eu')).toBe(false)
  })

  test('and its customers are its own again when it is readmitted and the estate is closed', async () => {
    const { islands, eu, us } = await open(4, { limit: 30, perCustomer: 2 })
    leave(islands, 'eu')
    await giveUp(islands, us, 'eu')
    await claim(islands, us, 'eu')
    await islands.time.advance(3_000)
    expect(await redeem(islands, us, 'eu')).toBe(true)
    leave(islands, 'eu', 'open')
    await islands.settle()
    expect(await redeem(islands, eu, 'eu')).toBe(false)
    const input = { self: 'us', name: 'eu', reason: 'it is back' }
    await islands.await(us.run({ decide: readmit, input }))
    await islands.time.advance(5_000)
    await islands.settle()
    // A customer who had never used it anywhere has a home again; of the other, `us` has the rest.
    expect(await redeem(islands, us, 'eu')).toBe(true)
    expect(await redeem(islands, us, 'eu')).toBe(false)
    expect(await redeem(islands, eu, 'eu')).toBe(false)
  })
})

describe('whoever claims, witnesses, is cut off and redeems', () => {
  test.each([31, 32, 33, 34, 35, 36, 37, 38])(
    'no limit is exceeded, and what was left is there, as long as the dead are dead (seed %i)',
    async (seed) => {
      const [limit, perCustomer] = [14, 4]
      const { islands, us, ap } = await open(seed, { limit, perCustomer }, { isRough: true })
      const random = islands.random.split('acts')
      const redeemed = new Map<string, number>()
      const tryAt = async (at: Island) => {
        const of = random.pick(customers)
        if (await redeem(islands, at, of)) redeemed.set(of, (redeemed.get(of) ?? 0) + 1)
      }
      for (let act = 0; act < 5; act++) await tryAt(random.pick(islands.all))
      await islands.settle()
      leave(islands, 'eu')
      for (let act = 0; act < 25; act++) {
        const at = random.pick([us, ap])
        islands.setLink('us', 'ap', random.pick(['cut', 'open']))
        if (random.chance(0.4)) await giveUp(islands, at, 'eu')
        if (random.chance(0.4)) await claim(islands, at, 'eu')
        await tryAt(at)
        await islands.time.advance(random.between(10, 2_000))
      }
      islands.setLink('us', 'ap', 'open')
      await islands.settleAmong(['us', 'ap'])
      await giveUp(islands, us, 'eu')
      await claim(islands, us, 'eu')
      await islands.time.advance(8_000)
      await islands.settleAmong(['us', 'ap'])
      const used = [...redeemed.values()].reduce((sum, times) => sum + times, 0)
      expect(used).toBeLessThanOrEqual(limit)
      expect(viewCoupon(code, us.core.read(coupon, code))).toMatchObject({ used, limit })
      expect(rightsAt(us) + rightsAt(ap)).toBe(limit - used)
      for (const of of customers) {
        const times = redeemed.get(of) ?? 0
        expect(times).toBeLessThanOrEqual(perCustomer)
        expect(usedBy(us.core, { code, customer: customerOf(of), perCustomer })).toBe(times)
        expect(allowed(us, of, perCustomer) + allowed(ap, of, perCustomer)).toBe(
          perCustomer - times,
        )
      }
    },
  )
})
