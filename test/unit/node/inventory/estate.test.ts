import { describe, expect, test } from 'vitest'
import type { VariantId } from '../../../../node/catalog/ids.ts'
import { closeEstate, openEstate } from '../../../../node/inventory/estate.ts'
import { absenceMsMax } from '../../../../node/inventory/limits.ts'
import { declareGone, readmit } from '../../../../node/replication/membership.ts'
import { sellAtOnce } from './acts.ts'
import { createIslands, rough, type Island, type Islands } from './islands.ts'

let orders = 0
const sell = async (sea: Islands, at: Island, variant: VariantId, units = 1): Promise<boolean> => {
  const input = { checkout: `e${++orders}`, variant, units, untilMs: 0 }
  return (await sea.await(at.run({ decide: sellAtOnce, input }))).ok
}

const giveUp = (sea: Islands, at: string, node: string) =>
  sea.await(
    sea.island(at).run({ decide: declareGone, input: { self: at, name: node, reason: 'burned' } }),
  )

const claim = (sea: Islands, at: string, node: string, heardMs?: number) =>
  sea.await(sea.island(at).run({ decide: openEstate, input: { self: at, node, heardMs } }))

const leave = (sea: Islands, node: string, state: 'open' | 'cut' = 'cut') => {
  for (const { name } of sea.all) if (name !== node) sea.setLink(name, node, state)
}

const own = (sea: Islands, variant: VariantId) => sea.all.map((one) => one.units(variant).own)

const openShop = async (seed: number, units = 9) => {
  const sea = await createIslands(['eu', 'us', 'ap'], { seed })
  const variant = await sea.offer('eu', 'LAMP', units)
  await sea.settle()
  return { sea, variant, eu: sea.island('eu'), us: sea.island('us'), ap: sea.island('ap') }
}

describe('the estate of a node that was given up', () => {
  test('goes to the one who claims it, when all others have witnessed', async () => {
    const { sea, variant, us } = await openShop(1, 3)
    leave(sea, 'eu')
    expect((await claim(sea, 'us', 'eu')).ok).toBe(false)
    await giveUp(sea, 'us', 'eu')
    sea.setLink('us', 'ap', 'cut')
    expect((await claim(sea, 'us', 'eu')).ok).toBe(true)
    await sea.time.advance(3_000)
    expect(us.inventory.estates.list()).toMatchObject([{ heir: 'us', waitsFor: ['ap'] }])
    expect(us.units(variant).own).toBe(0)
    sea.setLink('us', 'ap', 'open')
    await sea.time.advance(3_000)
    expect(us.inventory.estates.list()).toMatchObject([{ state: 'taken', waitsFor: [] }])
    expect(await sell(sea, us, variant, 3)).toBe(true)
  })

  test('is not claimed of a node that was heard a moment ago', async () => {
    const { sea } = await openShop(2)
    leave(sea, 'eu')
    await giveUp(sea, 'us', 'eu')
    const heardMs = sea.time.clock.now()
    expect(await claim(sea, 'us', 'eu', heardMs)).toMatchObject({
      refusal: { detail: expect.stringContaining('heard a moment ago') },
    })
    await sea.time.advance(absenceMsMax)
    expect((await claim(sea, 'us', 'eu', heardMs)).ok).toBe(true)
  })

  test('has one heir, when two claim it at once while they are cut off from each other', async () => {
    const { sea, variant, us, ap } = await openShop(3, 3)
    leave(sea, 'eu')
    sea.setLink('us', 'ap', 'cut')
    for (const heir of ['us', 'ap']) {
      await giveUp(sea, heir, 'eu')
      expect((await claim(sea, heir, 'eu')).ok).toBe(true)
      await sea.time.advance(50)
    }
    await sea.time.advance(3_000)
    expect([us.units(variant).own, ap.units(variant).own]).toEqual([0, 0])
    sea.setLink('us', 'ap', 'open')
    await sea.time.advance(5_000)
    expect(us.units(variant).own + ap.units(variant).own).toBe(3)
    expect((await claim(sea, 'us', 'eu')).ok).toBe(false)
  })

  test('includes what was on its way to the node', async () => {
    const { sea, variant, us } = await openShop(4, 12)
    await sea.time.advance(3_000)
    await sea.settle()
    expect(own(sea, variant)).toEqual([8, 2, 2])
    leave(sea, 'eu')
    await giveUp(sea, 'us', 'eu')
    await claim(sea, 'us', 'eu')
    await sea.time.advance(5_000)
    expect(us.units(variant).own).toBe(10)
  })
})

describe('a node that was given up and returns', () => {
  test('spends nothing before it is readmitted elsewhere and its estate is closed', async () => {
    const { sea, variant, eu, us } = await openShop(5, 3)
    leave(sea, 'eu')
    await giveUp(sea, 'us', 'eu')
    await claim(sea, 'us', 'eu')
    await sea.time.advance(3_000)
    leave(sea, 'eu', 'open')
    await sea.settle()
    expect(await sell(sea, eu, variant)).toBe(false)
    const itself = { self: 'eu', name: 'eu', reason: 'I am here' }
    expect((await sea.await(eu.run({ decide: readmit, input: itself }))).ok).toBe(true)
    await sea.settle()
    expect(await sell(sea, eu, variant)).toBe(false)
    const again = { self: 'us', name: 'eu', reason: 'it is back' }
    await sea.await(us.run({ decide: readmit, input: again }))
    await sea.settle()
    await sea.time.advance(3_000)
    await sea.settle()
    expect(us.inventory.estates.list()).toEqual([])
    const input = { checkout: 'back', variant, units: 1, untilMs: 0 }
    expect((await sea.await(eu.covered({ decide: sellAtOnce, input }))).ok).toBe(true)
  })

  test('and had gone on selling is charged for it, and everybody is told', async () => {
    const { sea, variant, eu, us, ap } = await openShop(6, 5)
    leave(sea, 'eu')
    await giveUp(sea, 'us', 'eu')
    await claim(sea, 'us', 'eu')
    await sea.time.advance(3_000)
    // It did not burn: it was only not heard.
    expect(await sell(sea, eu, variant, 2)).toBe(true)
    expect(await sell(sea, us, variant, 4)).toBe(true)
    leave(sea, 'eu', 'open')
    await sea.settle()
    await sea.time.advance(3_000)
    for (const one of [eu, us, ap]) {
      expect(one.inventory.debts()).toMatchObject([{ node: 'eu', units: 2 }])
    }
  })

  test('whose heir is gone, too, is helped by an admin', async () => {
    const { sea, us, ap } = await openShop(7, 5)
    leave(sea, 'eu')
    await giveUp(sea, 'us', 'eu')
    await claim(sea, 'us', 'eu')
    await sea.time.advance(3_000)
    await sea.settleAmong(['us', 'ap'])
    const close = { decide: closeEstate, input: { self: 'ap', node: 'eu' } }
    expect((await sea.await(ap.run(close))).ok).toBe(false)
    leave(sea, 'us')
    await giveUp(sea, 'ap', 'us')
    expect((await sea.await(ap.run(close))).ok).toBe(true)
    expect(us.inventory.estates.list()).toHaveLength(1)
  })
})

describe('whoever claims, witnesses, is cut off and comes back', () => {
  test.each([21, 22, 23, 24, 25, 26, 27, 28])(
    'no more can be sold than there is, as long as the dead are dead (seed %i)',
    async (seed) => {
      const names = ['eu', 'us', 'ap', 'sa']
      const sea = await createIslands(names, { seed, sea: rough })
      const variant = await sea.offer('eu', 'LAMP', 40)
      await sea.settle()
      await sea.time.advance(3_000)
      await sea.settle()
      const random = sea.random.split('acts')
      leave(sea, 'eu')
      const living = sea.all.filter(({ name }) => name !== 'eu')
      for (let act = 0; act < 25; act++) {
        const { name } = random.pick(living)
        const [a, b] = [random.pick(living).name, random.pick(living).name]
        if (a !== b) sea.setLink(a, b, random.pick(['cut', 'open']))
        if (random.chance(0.4)) await giveUp(sea, name, 'eu')
        if (random.chance(0.4)) await claim(sea, name, 'eu')
        await sell(sea, sea.island(name), variant, random.between(1, 3))
        await sea.time.advance(random.between(10, 2_000))
      }
      for (const a of living)
        for (const b of living) if (a !== b) sea.setLink(a.name, b.name, 'open')
      await giveUp(sea, 'us', 'eu')
      await sea.settleAmong(['us', 'ap', 'sa'])
      await claim(sea, 'us', 'eu')
      await sea.time.advance(8_000)
      await sea.settleAmong(['us', 'ap', 'sa'])
      const { received, spent } = sea.island('us').units(variant)
      const left = living.reduce((sum, one) => sum + one.units(variant).own, 0)
      expect(left).toBe(received - spent)
      for (const one of living) expect(one.units(variant).own).toBeGreaterThanOrEqual(0)
    },
  )
})
