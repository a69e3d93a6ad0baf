/** Carts that nobody comes back to. */

import { describe, expect, onTestFinished, test } from 'vitest'
import { createAbandonmentSweep } from '../../../../node/cart/abandonment.ts'
import { cart } from '../../../../node/cart/cart.ts'
import { abandonedAfterMs, sweepEveryMs } from '../../../../node/cart/limits.ts'
import { abandonmentOf } from '../../../../node/cart/projection.ts'
import { createCartQueries } from '../../../../node/cart/queries.ts'
import { createPipeline } from '../../../../node/core/pipeline.ts'
import type { Timers } from '../../../../sync/surroundings.ts'
import { meet, send, type Region } from '../catalog/region.ts'
import { act, guest, openShops } from './shopping.ts'

const hourMs = 60 * 60_000

const sweeping = (region: Region, timers: Timers = { after: () => () => undefined }) => {
  const pipeline = createPipeline({
    core: region.core,
    soon: queueMicrotask,
    monotonic: () => 0,
    observe: () => undefined,
    broken: (error) => {
      throw error
    },
  })
  const sweep = createAbandonmentSweep({
    core: region.core,
    pipeline,
    queries: createCartQueries(region.store.database),
    clock: region.clock,
    timers,
    failed: (error) => {
      throw error
    },
  })
  onTestFinished(() => {
    sweep.close()
    return pipeline.close()
  })
  return sweep
}

const listed = (region: Region) => createCartQueries(region.store.database).abandoned(undefined, 10)

const left = (region: Region) => abandonmentOf(region.core.read(cart, guest))

describe('a cart', () => {
  test('is left behind when nobody touched it for a day, and noted once', async () => {
    const { alice, bob } = openShops()
    act(alice, { does: 'add', sku: 'TEA', quantity: 2 })
    send(alice, bob)
    const touchedMs = alice.clock.ms
    alice.clock.ms += abandonedAfterMs - hourMs
    expect(await sweeping(alice).sweep()).toBe(0)
    alice.clock.ms += 2 * hourMs
    // Its last visitor was at alice: bob leaves it to her.
    expect(await sweeping(bob).sweep()).toBe(0)
    const changes = alice.changes()
    expect(await sweeping(alice).sweep()).toBe(1)
    expect(await sweeping(alice).sweep()).toBe(0)
    expect(alice.changes()).toBe(changes + 1)
    meet(alice, bob)
    for (const region of [alice, bob]) {
      expect(listed(region)).toEqual([
        {
          cart: guest,
          account: null,
          items: 2,
          amount: 9_800,
          currency: 'USD',
          abandonedMs: touchedMs,
        },
      ])
    }
  })

  test('is noted by another node, later, if its own is not heard of', async () => {
    const { alice, bob } = openShops()
    act(alice, { does: 'add', sku: 'TEA', quantity: 1 })
    send(alice, bob)
    bob.clock.ms += 2 * abandonedAfterMs + hourMs
    expect(await sweeping(bob).sweep()).toBe(1)
    // Alice, who had not heard of it, notes the same.
    expect(await sweeping(alice).sweep()).toBe(1)
    meet(alice, bob)
    expect(listed(alice)).toEqual(listed(bob))
    expect(listed(alice)).toHaveLength(1)
    expect(left(alice)).toEqual(left(bob))
  })

  test('is abandoned no more when somebody comes back, and may be again', async () => {
    const { alice } = openShops()
    act(alice, { does: 'add', sku: 'TEA', quantity: 1 })
    alice.clock.ms += abandonedAfterMs + hourMs
    expect(await sweeping(alice).sweep()).toBe(1)
    act(alice, { does: 'add', sku: 'CAKE', quantity: 1 })
    expect(listed(alice)).toEqual([])
    expect(await sweeping(alice).sweep()).toBe(0)
    alice.clock.ms += abandonedAfterMs + hourMs
    expect(await sweeping(alice).sweep()).toBe(1)
    expect(listed(alice)).toMatchObject([{ items: 2 }])
  })

  test('that is empty, or was emptied, is not left behind', async () => {
    const { alice } = openShops()
    act(alice, { does: 'add', sku: 'TEA', quantity: 1 })
    act(alice, { does: 'save', sku: 'TEA' })
    alice.clock.ms += abandonedAfterMs + hourMs
    expect(await sweeping(alice).sweep()).toBe(0)
    act(alice, { does: 'unsave', sku: 'TEA' })
    alice.clock.ms += abandonedAfterMs + hourMs
    expect(await sweeping(alice).sweep()).toBe(1)
    act(alice, { does: 'clear' })
    expect(listed(alice)).toEqual([])
  })
})

test('the sweep comes again and again until it is closed', async () => {
  const { alice } = openShops()
  const waiting = new Set<() => void>()
  const timers: Timers = {
    after: (ms, callback) => {
      expect(ms).toBe(sweepEveryMs)
      waiting.add(callback)
      return () => waiting.delete(callback)
    },
  }
  const sweep = sweeping(alice, timers)
  const fire = async () => {
    const [callback] = waiting
    waiting.clear()
    callback?.()
    await sweep.sweep()
  }
  act(alice, { does: 'add', sku: 'TEA', quantity: 1 })
  alice.clock.ms += abandonedAfterMs + hourMs
  await fire()
  expect(listed(alice)).toHaveLength(1)
  expect(waiting.size).toBe(1)
  sweep.close()
  expect(waiting.size).toBe(0)
})

test('the list goes on where a page ended', () => {
  const { alice } = openShops()
  const { abandoned } = createCartQueries(alice.store.database)
  expect(abandoned({ abandonedMs: 1, cart: 'x' }, 10)).toEqual([])
})
