/** A node folds its log while another is away for longer than changes are kept, and they still meet. */

import { afterAll, describe, expect, test } from 'vitest'
import { verifyCommand } from '../../node/cli/storage.ts'
import * as system from '../../node/system.ts'
import type { Clock, Timers } from '../../sync/surroundings.ts'
import {
  allAgree,
  allConnected,
  cleanUp,
  createCart,
  createProduct,
  eventually,
  startNode,
  variantIdOf,
  type NodeUnderTest,
} from './node-under-test.ts'

afterAll(cleanUp)

const dayMs = 24 * 60 * 60_000

/** Time that can be skipped by days; whoever asks to wait for long waits a moment. */
const createCalendar = () => {
  let skippedMs = 0
  const clock: Clock = {
    now: () => system.systemClock.now() + skippedMs,
    monotonic: () => system.systemClock.monotonic(),
  }
  const timers: Timers = {
    after: (ms, callback) => system.systemTimers.after(ms >= 30_000 ? 200 : ms, callback),
  }
  return {
    clock,
    timers,
    skipDays: (days: number) => {
      skippedMs += days * dayMs
    },
  }
}

const figureOf = async (node: NodeUnderTest, name: string): Promise<number> => {
  const text = await (await fetch(`${node.url}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
}

const proven = async (dataDir: string): Promise<string> => {
  let output = ''
  const code = await verifyCommand(
    {
      stdout: { write: (text) => (output += text) },
      stderr: { write: () => undefined },
      env: {},
      clock: system.systemClock,
      timers: system.systemTimers,
      random: system.systemRandom,
      fetch: globalThis.fetch,
    },
    [dataDir],
  )
  expect({ code, output }).toMatchObject({ code: 0 })
  return output
}

describe('two nodes, of which one is away for longer than changes are kept', () => {
  test('meet by their documents, with nothing lost on either side', async () => {
    const { clock, timers, skipDays } = createCalendar()
    const eu = await startNode({ name: 'eu', clock, timers })
    const us = await startNode({ name: 'us', peers: [eu], clock, timers })
    await allConnected([eu, us])
    const lamp = await createProduct(eu, { tags: ['new', 'sale'] })
    const chair = await createProduct(eu, { name: 'Chair' })
    const cart = await createCart(eu)
    const variantId = variantIdOf(lamp)
    await cart.at(eu).send({ type: 'add', variantId, quantity: 1 })
    await allAgree([eu, us])
    await us.close()

    // What only eu has is kept in its log until somebody else has it: us is declared gone.
    await eu.order('PUT', `/products/${lamp.id}/price`, {
      body: { price: { amount: 100, currency: 'USD' } },
    })
    await eu.order('PATCH', `/products/${lamp.id}`, { body: { removeTags: ['sale'] } })
    await eu.order('DELETE', `/products/${chair.id}`)
    const alone = await startNode({ name: 'us', dataDir: us.dataDir, clock, timers })
    await cart.at(alone).send({ type: 'add', variantId, quantity: 2 })
    const shelf = await createProduct(alone, { name: 'Shelf' })
    await alone.close()

    const unknown = await eu.order('POST', '/admin/nodes/su/gone', { body: { reason: 'typo' } })
    expect(unknown).toMatchObject({ status: 404, body: { code: 'node_unknown' } })
    const own = await eu.order('POST', '/admin/nodes/eu/gone', { body: { reason: 'oops' } })
    expect(own).toMatchObject({ status: 409, body: { code: 'node_is_this_one' } })
    const gone = await eu.order('POST', '/admin/nodes/us/gone', { body: { reason: 'flooded' } })
    expect(gone).toMatchObject({ status: 200, body: { name: 'us', standing: 'gone' } })

    skipDays(40)
    await eventually(async () => {
      expect(await figureOf(eu, 'atoll_folded_changes_total')).toBeGreaterThan(5)
      expect(await figureOf(eu, 'atoll_log_changes')).toBeLessThan(3)
    })
    const foldedAt = new Date(clock.now() - 40 * dayMs).toISOString()
    const explained = await eu.order('GET', `/admin/documents/product/${lamp.id}`)
    expect(explained.body).toMatchObject({
      changes: 0,
      foldedUntil: expect.any(String),
      fields: {
        price: {
          value: { amount: 100 },
          winner: {
            dot: expect.stringMatching(/^[0-9a-f]{16}:\d+$/),
            writtenBy: {
              isFolded: true,
              change: null,
              node: 'eu',
              hlc: expect.stringMatching(/^20/),
            },
          },
        },
        tags: { parts: [{ value: 'new', writtenBy: { isFolded: true, hlc: null } }] },
      },
    })
    const past = await eu.order(
      'GET',
      `/admin/documents/product/${lamp.id}?at=${foldedAt.slice(0, 10)}T00:00:00Z`,
    )
    expect(past).toMatchObject({ status: 410, body: { code: 'beyond_retention' } })
    const history = await eu.order('GET', `/admin/documents/product/${lamp.id}/history`)
    expect(history.body).toMatchObject({ items: [], foldedUntil: expect.any(String) })

    const back = await startNode({ name: 'us', dataDir: us.dataDir, peers: [eu], clock, timers })
    await allConnected([eu, back])
    await allAgree([eu, back])
    for (const node of [eu, back]) {
      expect((await node.ask('GET', `/products/${lamp.id}`)).body).toMatchObject({
        price: { amount: 100 },
        tags: ['new'],
      })
      const deleted = await node.ask('GET', `/products/${chair.id}`)
      expect(deleted.body.code).toBe('product_deleted')
      expect((await node.ask('GET', `/products/${shelf.id}`)).status).toBe(200)
      expect((await cart.at(node).read()).body.lines).toMatchObject([{ quantity: 3 }])
    }
    const health = (await (await fetch(`${back.url}/health`)).json()) as {
      readonly checks: Readonly<Record<string, unknown>>
    }
    expect(health.checks['membership']).toMatchObject({ status: 'degraded' })
    expect(back.warnings).toContainEqual(expect.objectContaining({ reason: 'flooded' }))
    const nodes = await back.order('GET', '/admin/nodes')
    expect(nodes.body.items).toMatchObject([
      { name: 'eu', isThisOne: false, standing: 'active', isConnected: true },
      { name: 'us', isThisOne: true, standing: 'gone', reason: 'flooded', replicaCount: 3 },
    ])

    await eu.order('POST', '/admin/nodes/us/readmit', { body: { reason: 'dried' } })
    await eventually(async () => {
      const { checks } = (await (await fetch(`${back.url}/health`)).json()) as typeof health
      expect(checks['membership']).toEqual({ status: 'ok' })
    })
    await allAgree([eu, back])
    for (const node of [eu, back]) {
      await node.close()
      expect(await proven(node.dataDir)).toContain('folded in part')
    }
  })
})
