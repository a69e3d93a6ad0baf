import { describe, expect, test } from 'vitest'
import { holdUnits, sellAtOnce } from './acts.ts'
import { createIslands, rough } from './islands.ts'

const order = (
  variant: Parameters<typeof sellAtOnce>[1]['variant'],
  checkout: string,
  units = 1,
) => ({
  decide: sellAtOnce,
  input: { checkout, variant, units, untilMs: 0 },
})

describe('a request that is short of rights here', () => {
  test('gets them from whoever has most, and is told of one sale', async () => {
    const sea = await createIslands(['eu', 'us', 'ap'], { seed: 1 })
    const variant = await sea.offer('eu', 'LAMP', 3)
    await sea.settle()
    const [us] = [sea.island('us')]
    const done = await sea.await(us.covered(order(variant, 'c1', 3)))
    expect(done.ok).toBe(true)
    expect(us.transfers.map(({ outcome }) => outcome)).toEqual(['granted'])
    await sea.settle()
    for (const one of sea.all) expect(one.units(variant)).toMatchObject({ received: 3, spent: 3 })
  })

  test('is put together from several nodes', async () => {
    const sea = await createIslands(['eu', 'us', 'ap'], { seed: 2 })
    const variant = await sea.offer('eu', 'LAMP', 2)
    await sea.settle()
    expect((await sea.await(sea.island('us').covered(order(variant, 'c0', 1)))).ok).toBe(true)
    await sea.settle()
    const ap = sea.island('ap')
    const done = await sea.await(ap.covered(order(variant, 'c1', 1)))
    expect(done.ok).toBe(true)
  })

  test('is refused at once when nobody in reach has enough', async () => {
    const sea = await createIslands(['eu', 'us'], { seed: 3 })
    const variant = await sea.offer('eu', 'LAMP', 3)
    await sea.settle()
    const us = sea.island('us')
    expect((await sea.await(us.covered(order(variant, 'c1', 4)))).ok).toBe(false)
    expect(us.transfers).toEqual([])
    sea.setLink('eu', 'us', 'cut')
    const startMs = sea.time.clock.monotonic()
    const done = await sea.await(us.covered(order(variant, 'c2', 3)))
    expect(done).toMatchObject({
      ok: false,
      refusal: { shortage: { lines: [{ wanted: 3, here: 0, elsewhere: 3 }] } },
    })
    expect(sea.time.clock.monotonic() - startMs).toBeLessThan(10)
  })

  test('asks together with others that are short of the same', async () => {
    const sea = await createIslands(['eu', 'us'], { seed: 4 })
    const variant = await sea.offer('eu', 'LAMP', 40)
    await sea.settle()
    const us = sea.island('us')
    const all = Array.from({ length: 40 }, (_, at) => us.covered(order(variant, `c${at}`)))
    const done = await sea.await(Promise.all(all))
    expect(done.filter(({ ok }) => ok)).toHaveLength(40)
    expect(us.transfers.length).toBeLessThan(5)
  })
})

describe('on a sea that loses and delays', () => {
  test.each([11, 12, 13, 14, 15])(
    'no unit is sold twice and none is lost (seed %i)',
    async (seed) => {
      const sea = await createIslands(['eu', 'us', 'ap'], { seed, sea: rough })
      const variant = await sea.offer('eu', 'LAMP', 60)
      await sea.settle()
      let sold = 0
      let tries = 0
      const random = sea.random.split('shoppers')
      while (sold < 60 && tries < 400) {
        if (random.chance(0.05))
          sea.setLink('eu', random.pick(['us', 'ap']), random.pick(['cut', 'open']))
        const at = sea.island(random.pick(['eu', 'us', 'ap']))
        const done = await sea.await(at.covered(order(variant, `c${++tries}`)))
        if (done.ok) sold++
        for (const one of sea.all) {
          const { received, spent, own } = one.units(variant)
          expect(spent).toBeLessThanOrEqual(received)
          expect(own).toBeGreaterThanOrEqual(0)
        }
      }
      sea.healAll()
      await sea.settle()
      // Whatever was granted and not answered for has arrived: all that is left can be sold by somebody.
      const left = sea.all.reduce((sum, one) => sum + one.units(variant).own, 0)
      expect({ sold, left }).toEqual({ sold: sea.all[0]!.units(variant).spent, left: 60 - sold })
    },
  )
})

describe('nodes that are restarted while they sell', () => {
  test.each([41, 42, 43, 44, 45, 46])(
    'find in one purse what their former replicas had, and what was on its way to them (seed %i)',
    async (seed) => {
      const sea = await createIslands(['eu', 'us', 'ap'], { seed, sea: rough })
      const variant = await sea.offer('eu', 'LAMP', 50)
      await sea.settle()
      const random = sea.random.split('acts')
      for (let turn = 0; turn < 80; turn++) {
        const at = sea.island(random.pick(['eu', 'us', 'ap']))
        if (random.chance(0.2)) await at.restart()
        if (random.chance(0.1)) sea.setLink('eu', random.pick(['us', 'ap']), 'cut')
        if (random.chance(0.1)) sea.healAll()
        const buying = at.covered(order(variant, `r${seed}-${turn}`, random.between(1, 2)))
        // A process that ends answers nobody: what it did is seen in what it left.
        if (random.chance(0.1)) await at.restart()
        buying.catch(() => undefined)
        await sea.time.advance(2_000)
        for (const one of sea.all) {
          const { received, spent, own } = one.units(variant)
          expect(spent).toBeLessThanOrEqual(received)
          expect(own).toBeGreaterThanOrEqual(0)
        }
      }
      sea.healAll()
      await sea.settle()
      const { received, spent } = sea.island('eu').units(variant)
      const left = sea.all.reduce((sum, one) => sum + one.units(variant).own, 0)
      expect(spent + left).toBe(received)
    },
  )
})

describe('rights that are not needed yet', () => {
  test('are spread to nodes that have none, so that each can sell when the cable is cut', async () => {
    const sea = await createIslands(['eu', 'us', 'ap'], { seed: 5 })
    const variant = await sea.offer('eu', 'LAMP', 12)
    await sea.settle()
    await sea.time.advance(3_000)
    await sea.settle()
    expect(sea.all.map((one) => one.units(variant).own)).toEqual([8, 2, 2])
    sea.cutAll()
    for (const one of sea.all) {
      expect((await sea.await(one.covered(order(variant, `last-${one.name}`, 2)))).ok).toBe(true)
    }
  })

  test('are fetched ahead of demand', async () => {
    const sea = await createIslands(['eu', 'us'], { seed: 6 })
    const variant = await sea.offer('eu', 'LAMP', 1_000)
    await sea.settle()
    const us = sea.island('us')
    let asked = 0
    for (let at = 0; at < 100; at++) {
      const before = us.transfers.length
      expect((await sea.await(us.covered(order(variant, `c${at}`)))).ok).toBe(true)
      if (us.transfers.length > before) asked++
      await sea.time.advance(100)
    }
    expect(asked).toBeLessThan(10)
  })
})

describe('what is set aside', () => {
  test('is not granted to others', async () => {
    const sea = await createIslands(['eu', 'us'], { seed: 7 })
    const variant = await sea.offer('eu', 'LAMP', 3)
    await sea.settle()
    const untilMs = sea.time.clock.now() + 60_000
    const input = { checkout: 'held', variant, units: 2, untilMs }
    expect((await sea.await(sea.island('eu').run({ decide: holdUnits, input }))).ok).toBe(true)
    expect((await sea.await(sea.island('us').covered(order(variant, 'c1', 2)))).ok).toBe(false)
    expect((await sea.await(sea.island('us').covered(order(variant, 'c2', 1)))).ok).toBe(true)
    await sea.time.advance(62_000)
    expect((await sea.await(sea.island('us').covered(order(variant, 'c3', 2)))).ok).toBe(true)
  })
})
