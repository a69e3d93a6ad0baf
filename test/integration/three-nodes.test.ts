/** Three nodes with real sockets and disks: cut, edited on both sides, healed, and of one mind again. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  allAgree,
  allConnected,
  cleanUp,
  createCart,
  createProduct,
  eventually,
  newDirectory,
  setLinks,
  startNode,
  variantIdOf,
  type NodeUnderTest,
} from './node-under-test.ts'

afterAll(cleanUp)

describe('three nodes', () => {
  let eu: NodeUnderTest
  let us: NodeUnderTest
  let ap: NodeUnderTest

  beforeAll(async () => {
    eu = await startNode({ name: 'eu' })
    us = await startNode({ name: 'us', peers: [eu] })
    ap = await startNode({ name: 'ap', peers: [eu, us] })
    await allConnected([eu, us, ap])
  })

  test('have one admin between them, and nothing to settle about it', async () => {
    await allAgree([eu, us, ap])
    const conflicts = await us.order('GET', '/admin/conflicts')
    expect(conflicts.body).toEqual({ items: [] })
  })

  test('keep a cart, a price, a tag and a deletion through a cut cable', async () => {
    const lamp = await createProduct(eu, { tags: ['sale', 'new'] })
    const chair = await createProduct(eu)
    const variantId = variantIdOf(lamp)
    const cart = await createCart(eu)
    await cart.at(eu).send({ type: 'add', variantId, quantity: 1 })
    await allAgree([eu, us, ap])

    await setLinks(eu, [us, ap], 'cut')
    await eventually(async () => {
      for (const node of [us, ap]) {
        const { peers } = await node.replication()
        expect(peers.find(({ name }) => name === 'eu')?.state).not.toBe('live')
      }
    })
    const sent = [
      await cart.at(eu).send({ type: 'add', variantId, quantity: 2 }),
      await cart.at(us).send({ type: 'add', variantId, quantity: 3 }),
      await eu.order('PUT', `/products/${lamp.id}/price`, {
        body: { price: { amount: 5_100, currency: 'USD' }, reason: 'spring' },
      }),
      await us.order('PUT', `/products/${lamp.id}/price`, {
        body: { price: { amount: 4_500, currency: 'USD' }, reason: 'sale' },
      }),
      await eu.order('PATCH', `/products/${lamp.id}`, { body: { removeTags: ['sale'] } }),
      await us.order('PATCH', `/products/${lamp.id}`, { body: { addTags: ['sale', 'gift'] } }),
      await us.order('DELETE', `/products/${chair.id}`),
      await eu.order('PATCH', `/products/${chair.id}`, { body: { name: 'Better Chair' } }),
    ]
    expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 200))
    expect(await eu.digest()).not.toBe(await us.digest())
    expect((await ap.ask('GET', `/products/${lamp.id}`)).body.price.amount).toBe(4_500)

    await setLinks(eu, [us, ap], 'open')
    await allAgree([eu, us, ap])
    for (const node of [eu, us, ap]) {
      const read = (await cart.at(node).read()).body
      expect(read.lines).toMatchObject([{ variantId, quantity: 6 }])
      const shown = (await node.ask('GET', `/products/${lamp.id}`)).body
      expect(shown.price.amount).toBe(4_500)
      expect(shown.tags).toEqual(['gift', 'new', 'sale'])
      expect((await node.ask('GET', `/products/${chair.id}`)).body.code).toBe('product_deleted')
    }
    const conflicts = (await ap.order('GET', '/admin/conflicts?kind=product')).body.items
    expect(conflicts).toHaveLength(2)
    expect(conflicts).toContainEqual(
      expect.objectContaining({ kind: 'product', id: lamp.id, field: 'price' }),
    )
    expect(conflicts.find(({ field }) => field === 'price')?.siblings).toMatchObject([
      { value: { amount: 4_500 }, writtenBy: { node: 'us' } },
      { value: { amount: 5_100 }, writtenBy: { node: 'eu' } },
    ])
    expect(conflicts).toContainEqual(
      expect.objectContaining({ kind: 'product', id: chair.id, field: 'deletion' }),
    )
  })

  test('forward what they hear: one cut link delays nothing', async () => {
    await setLinks(eu, [ap], 'cut')
    await eventually(async () => {
      const { peers } = await ap.replication()
      expect(peers.find(({ name }) => name === 'eu')?.state).not.toBe('live')
    })
    const { id } = await createProduct(eu)
    await eventually(async () => {
      expect((await ap.ask('GET', `/products/${id}`)).status).toBe(200)
    })
    await allAgree([eu, us, ap])
    await setLinks(eu, [ap], 'open')
    await allConnected([eu, us, ap])
  })

  test('show two products that took the same SKU apart as a conflict', async () => {
    await setLinks(eu, [us, ap], 'cut')
    const variants = [{ sku: 'SHARED-1', options: { Size: 'M' } }]
    const one = await createProduct(eu, { variants })
    const other = await createProduct(us, { variants })
    await setLinks(eu, [us, ap], 'open')
    await allAgree([eu, us, ap])
    const { items } = (await ap.order('GET', '/admin/conflicts?kind=product')).body
    expect(items.filter(({ field }) => field === 'sku/SHARED-1')).toEqual(
      [
        { id: one.id, sharedWith: [other.id] },
        { id: other.id, sharedWith: [one.id] },
      ]
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .map((both) => ({
          ...both,
          kind: 'product',
          field: 'sku/SHARED-1',
          value: 'SHARED-1',
          siblings: [],
        })),
    )
    const settled = await ap.order('POST', `/admin/conflicts/product/${one.id}/resolve`, {
      body: { field: 'sku/SHARED-1', value: 'SHARED-2' },
    })
    expect(settled).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    await ap.order('DELETE', `/products/${other.id}`)
    const rest = (await ap.order('GET', '/admin/conflicts?kind=product')).body.items
    expect(rest.filter(({ field }) => field.startsWith('sku/'))).toEqual([])
  })

  test('answer a request that is sent again to another node as the first did', async () => {
    const { id } = await createProduct(eu)
    const headers = { 'idempotency-key': 'price-change-1' }
    const body = { price: { amount: 100, currency: 'USD' } }
    const first = await eu.order('PUT', `/products/${id}/price`, { body, headers })
    await allAgree([eu, us, ap])
    const again = await us.order('PUT', `/products/${id}/price`, { body, headers })
    expect(again.status).toBe(200)
    expect(again.body.receipt).toEqual(first.body.receipt)
    const other = { price: { amount: 200, currency: 'USD' } }
    const reused = await ap.order('PUT', `/products/${id}/price`, { body: other, headers })
    expect(reused).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
  })

  test('count an intent once that reaches two of them while they are cut off', async () => {
    const variantId = variantIdOf(await createProduct(eu))
    const cart = await createCart(eu)
    await allAgree([eu, us, ap])
    await setLinks(eu, [us, ap], 'cut')
    const intent = { id: 'same', type: 'add', variantId, quantity: 2 }
    await cart.at(eu).send(intent)
    await cart.at(us).send(intent)
    await setLinks(eu, [us, ap], 'open')
    await allAgree([eu, us, ap])
    expect((await cart.at(ap).read()).body.lines).toMatchObject([{ quantity: 2 }])
  })
})

describe('a node', () => {
  test('of another cluster never gets a change, and both say so', async () => {
    const alice = await startNode({ name: 'alice' })
    const { id } = await createProduct(alice)
    const mallory = await startNode({
      name: 'mallory',
      peers: [alice],
      clusterKey: new Uint8Array(32).fill(8),
    })
    await eventually(async () => {
      const { strangers } = await alice.replication()
      expect(strangers.refused).toBeGreaterThan(0)
      const { peers } = await mallory.replication()
      expect(peers).toMatchObject([{ state: 'refused', receivedChanges: 0 }])
    })
    expect((await alice.replication()).strangers.last).toEqual({
      code: expect.any(String),
      detail: expect.any(String),
    })
    expect(alice.warnings.some(({ message }) => message === 'a connection was refused')).toBe(true)
    expect((await mallory.replication()).peers[0]?.problem).toEqual({
      code: expect.any(String),
      detail: expect.any(String),
    })
    expect(mallory.warnings.length).toBeGreaterThan(0)
    expect((await mallory.ask('GET', `/products/${id}`)).body.code).toBe('product_not_found')
  })

  test('refuses a data directory that another one has open', async () => {
    const alice = await startNode({ name: 'alice' })
    await expect(startNode({ name: 'bob', dataDir: alice.dataDir })).rejects.toMatchObject({
      code: 'data_directory_in_use',
    })
    expect((await alice.ask('GET', '/products')).status).toBe(200)
  })

  test('that cannot take its port lets go of its data directory', async () => {
    const alice = await startNode({ name: 'alice' })
    const dataDir = newDirectory()
    await expect(startNode({ name: 'bob', dataDir, port: alice.port })).rejects.toThrow('taken')
    await (await startNode({ name: 'bob', dataDir })).close()
  })

  test('that is started again has everything, and is a new replica', async () => {
    const alice = await startNode({ name: 'alice' })
    const { id } = await createProduct(alice, { initialQuantity: 3 })
    const before = await alice.replication()
    const product = (await alice.ask('GET', `/products/${id}`)).body
    await alice.close()

    const again = await startNode({ name: 'alice', dataDir: alice.dataDir })
    const after = await again.replication()
    expect((await again.ask('GET', `/products/${id}`)).body).toEqual(product)
    expect(after.replica).not.toBe(before.replica)
    expect(after.vector).toMatchObject(before.vector)
    expect(Object.keys(after.vector)).toHaveLength(Object.keys(before.vector).length + 1)
  })

  test('that was away catches up, and brings what only it has', async () => {
    const alice = await startNode({ name: 'alice' })
    const bob = await startNode({ name: 'bob', peers: [alice] })
    await allConnected([alice, bob])
    await allAgree([alice, bob])
    await bob.close()
    const text = Array.from({ length: 500 }, (_, index) =>
      JSON.stringify({ sku: `AWAY-${index}`, name: 'Chair', price: 10 }),
    ).join('\n')
    const batch = await alice.order('POST', '/products:batch', {
      text,
      headers: { 'content-type': 'application/x-ndjson' },
    })
    expect(batch.text.trim().split('\n')).toHaveLength(500)

    const alone = await startNode({ name: 'bob', dataDir: bob.dataDir })
    const { id } = await createProduct(alone)
    await alone.close()
    const back = await startNode({ name: 'bob', dataDir: bob.dataDir, peers: [alice] })
    await allAgree([alice, back])
    expect((await alice.ask('GET', `/products/${id}`)).status).toBe(200)
    expect((await back.replication()).documents).toBe((await alice.replication()).documents)
  })
})
