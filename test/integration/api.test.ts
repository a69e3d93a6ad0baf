/** Every route of the contract, on one real node. */

import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readNdjson } from '../../node/catalog/files/ndjson.ts'
import { exportCatalog } from '../../node/cli/export.ts'
import { productBody } from '../../node/cli/product-batch.ts'
import * as system from '../../node/system.ts'
import {
  cleanUp,
  createCart,
  createProduct,
  newDirectory,
  productBody as newProduct,
  startNode,
  variantIdOf,
  type Body,
  type NodeUnderTest,
} from './node-under-test.ts'

let node: NodeUnderTest

beforeAll(async () => {
  node = await startNode({ name: 'eu' })
})
afterAll(cleanUp)

const receipt = {
  change: expect.stringMatching(/^[0-9a-f]{16}:[1-9]\d*$/),
  hlc: expect.stringMatching(/^\d{4}-.*Z-[0-9a-f]{4}-[0-9a-f]{16}$/),
  durability: 'local',
}

const refusal = (status: number, code: string) => ({ status, body: { code, status } })

describe('products', () => {
  test('are created, read, edited, priced and deleted', async () => {
    const body = newProduct({
      sku: 'WX-4711',
      description: 'Light\nfor harbours',
      brand: 'Pharos',
      categories: ['Home', 'Lamps'],
      tags: ['sale'],
      images: [{ url: 'https://shop.example/lamp.jpg', alt: 'A lamp' }],
      initialQuantity: 5,
    })
    const made = await node.order('POST', '/products', { body })
    expect(made).toMatchObject({
      status: 201,
      body: {
        sku: 'WX-4711',
        price: { amount: 4_900, currency: 'USD' },
        categoryPaths: [['Home', 'Lamps']],
        variants: [{ sku: 'WX-4711', price: { amount: 4_900 }, available: 5 }],
        receipt,
      },
    })
    const path = `/products/${made.body.id}`
    const { receipt: _, ...product } = made.body
    expect((await node.ask('GET', path)).body).toEqual(product)

    const edited = await node.order('PATCH', path, {
      body: { name: 'Lamp', addTags: ['new'], categories: [['Home'], ['Gifts', 'For her']] },
    })
    expect(edited).toMatchObject({
      status: 200,
      body: {
        name: 'Lamp',
        tags: ['new', 'sale'],
        categoryPaths: [['Gifts', 'For her'], ['Home']],
        receipt,
      },
    })
    const priced = await node.order('PUT', `${path}/price`, {
      body: { price: 51.5, currency: 'USD', reason: 'spring' },
    })
    expect(priced).toMatchObject({ status: 200, body: { price: { amount: 5_150 }, receipt } })
    const deleted = await node.order('DELETE', path)
    expect(deleted).toMatchObject({ status: 200, body: { id: made.body.id, receipt } })
    expect(await node.ask('GET', path)).toMatchObject(refusal(404, 'product_deleted'))
  })

  test('take a price as a decimal with its currency beside it', async () => {
    const body = newProduct({ price: 2_499.99, currency: 'USD' })
    const made = await node.order('POST', '/products', { body })
    expect(made.body.price).toEqual({ amount: 249_999, currency: 'USD' })
  })

  test('are told apart by their SKU', async () => {
    const { sku, id } = await createProduct(node)
    const again = await node.order('POST', '/products', { body: newProduct({ sku }) })
    expect(again).toMatchObject(refusal(409, 'sku_taken'))
    expect(again.body['productId']).toBe(id)
  })

  test('need an admin to be changed, and nobody to be read', async () => {
    const { id } = await createProduct(node)
    expect((await node.ask('GET', '/products')).status).toBe(200)
    for (const [method, path, body] of [
      ['POST', '/products', newProduct()],
      ['PATCH', `/products/${id}`, { name: 'x' }],
      ['PUT', `/products/${id}/price`, { price: 1 }],
      ['DELETE', `/products/${id}`, undefined],
      ['POST', '/products:batch', undefined],
      ['POST', '/categories', { path: ['x'] }],
    ] as const) {
      const asked = await node.ask(method, path, { body })
      expect(asked).toMatchObject(refusal(401, 'unauthorized'))
    }
  })

  test('are listed page by page, with filters', async () => {
    const made: string[] = []
    for (let at = 0; at < 5; at++) {
      made.push((await createProduct(node, { tags: ['paged'], price: at + 1 })).id)
    }
    const seen: string[] = []
    let next: string | undefined
    do {
      const cursor: string = next === undefined ? '' : `&cursor=${next}`
      const page = await node.ask('GET', `/products?tag=paged&limit=2&sort=price_asc${cursor}`)
      seen.push(...page.body.items.map(({ id }) => id))
      next = page.body.next
    } while (next !== undefined)
    expect(seen).toEqual(made)
    const some = await node.ask('GET', '/products?tag=paged&minPrice=200&maxPrice=300&inStock=true')
    expect(some.body.items.map(({ id }) => id).toSorted()).toEqual(made.slice(1, 3).toSorted())
  })

  test('are put in by the batch, a result for each line', async () => {
    const lines = [
      JSON.stringify(newProduct({ sku: 'BATCH-1', price: 1 })),
      '',
      '{"sku":',
      JSON.stringify(newProduct({ sku: 'BATCH-2', price: -1 })),
      JSON.stringify(newProduct({ sku: 'BATCH-3', unknown: true })),
      JSON.stringify(newProduct({ sku: 'BATCH-4', initialQuantity: 3 })),
    ]
    const put = async () => {
      const answer = await node.order('POST', '/products:batch', {
        text: lines.join('\n'),
        headers: { 'content-type': 'application/x-ndjson' },
      })
      expect(answer.status).toBe(200)
      return answer.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    }
    const first = await put()
    expect(first).toMatchObject([
      { line: 1, status: 'created' },
      { line: 3, status: 'rejected', problem: { code: 'invalid_json' } },
      { line: 4, status: 'rejected', problem: { code: 'invalid_request' } },
      { line: 5, status: 'rejected', problem: { code: 'invalid_request' } },
      { line: 6, status: 'created' },
    ])
    const digest = await node.digest()
    expect(await put()).toMatchObject([
      { status: 'unchanged' },
      {},
      {},
      {},
      { status: 'unchanged' },
    ])
    expect(await node.digest()).toBe(digest)
  })
})

test('what is exported and put in elsewhere is the same catalog, every path and unit of it', async () => {
  const [from, to] = [await startNode({ name: 'from' }), await startNode({ name: 'to' })]
  await createProduct(from, { categories: [['Home', 'Lamps'], ['Gifts']], initialQuantity: 3 })
  await createProduct(from, { categories: ['Home'], brand: 'Pharos', tags: ['sale'] })
  await createProduct(from, {
    variants: [
      { sku: 'ROUND-S', options: { Size: 'S' }, initialQuantity: 0 },
      { sku: 'ROUND-M', options: { Size: 'M' }, price: { amount: 1, currency: 'USD' } },
    ],
  })
  const file = join(newDirectory(), 'catalog.ndjson')
  const silent = { write: () => true }
  const deps = {
    stdout: silent,
    stderr: silent,
    env: {},
    clock: system.systemClock,
    timers: system.systemTimers,
    random: system.systemRandom,
    fetch: globalThis.fetch,
  }
  expect(await exportCatalog(deps, { file, from: new URL(from.url) })).toMatchObject({ ok: true })
  const lines: string[] = []
  for await (const entry of readNdjson(createReadStream(file))) {
    lines.push('record' in entry ? JSON.stringify(productBody(entry.record)) : entry.reason)
  }
  await to.order('POST', '/products:batch', {
    text: lines.join('\n'),
    headers: { 'content-type': 'application/x-ndjson' },
  })
  // Equal names come in the order in which a node met them, which may differ.
  const catalogOf = async (where: NodeUnderTest) =>
    (await where.ask('GET', '/products?sort=name&limit=100')).body.items
      .map(({ createdAt: _created, updatedAt: _updated, ...product }) => product)
      .sort((a, b) => (a.sku < b.sku ? -1 : 1))
  expect(await catalogOf(to)).toHaveLength(3)
  expect(await catalogOf(to)).toEqual(await catalogOf(from))
})

describe('categories, brands and tags', () => {
  test('come with products, and can be described', async () => {
    await createProduct(node, { categories: ['Boats', 'Oars'], brand: 'Ash & Co', tags: ['wood'] })
    expect((await node.ask('GET', '/categories/boats.oars')).body).toMatchObject({
      id: 'boats.oars',
      name: 'Oars',
      path: ['Boats', 'Oars'],
      parent: 'boats',
      productCount: 1,
    })
    const categories = (await node.ask('GET', '/categories')).body.items.map(({ id }) => id)
    expect(categories).toEqual(expect.arrayContaining(['boats', 'boats.oars']))
    const edited = await node.order('PATCH', '/categories/boats', {
      body: { description: 'Afloat' },
    })
    expect(edited).toMatchObject({ status: 200, body: { description: 'Afloat', receipt } })
    const brand = await node.order('PATCH', '/brands/ash-co', { body: { description: 'Oars' } })
    expect(brand).toMatchObject({ status: 200, body: { name: 'Ash & Co', receipt } })
    expect((await node.ask('GET', '/brands')).body.items).toContainEqual(
      expect.objectContaining({ id: 'ash-co', description: 'Oars' }),
    )
    expect((await node.ask('GET', '/tags')).body.items).toContainEqual({
      tag: 'wood',
      productCount: 1,
    })
  })

  test('are created with all above them, once', async () => {
    const made = await node.order('POST', '/categories', { body: { path: ['Food', 'Tea'] } })
    expect(made).toMatchObject({ status: 201, body: { id: 'food.tea', receipt } })
    const again = await node.order('POST', '/categories', { body: { path: ['food', 'TEA'] } })
    expect(again).toMatchObject(refusal(409, 'category_exists'))
  })

  test('that are not there are not found', async () => {
    expect(await node.ask('GET', '/categories/no-such')).toMatchObject(
      refusal(404, 'category_not_found'),
    )
    expect(await node.ask('GET', '/brands/no-such')).toMatchObject(refusal(404, 'brand_not_found'))
    expect(await node.ask('GET', '/categories/No%20Id')).toMatchObject(
      refusal(400, 'invalid_request'),
    )
  })
})

describe('a cart', () => {
  test('belongs to whoever has its token', async () => {
    const cart = await createCart(node)
    const other = await createCart(node)
    const path = `/carts/${cart.id}`
    expect(await cart.at(node).read()).toMatchObject({
      status: 200,
      body: { id: cart.id, lines: [], problems: [], subtotal: null },
    })
    const bearer = await node.ask('GET', path, { token: cart.token })
    expect(bearer.status).toBe(200)
    for (const headers of [{}, other.headers, { 'x-cart-token': '' }]) {
      expect(await node.ask('GET', path, { headers })).toMatchObject(
        refusal(401, 'cart_token_required'),
      )
      const body = { intents: [{ id: 'x', type: 'clear' }] }
      expect(await node.ask('POST', `${path}/intents`, { headers, body })).toMatchObject(
        refusal(401, 'cart_token_required'),
      )
    }
    expect(await node.order('GET', path)).toMatchObject(refusal(401, 'cart_token_required'))
  })

  test('takes intents, each once', async () => {
    const cart = await createCart(node)
    const variantId = variantIdOf(await createProduct(node, { price: 10 }))
    const intents = [
      { id: 'a', type: 'add', variantId, quantity: 2 },
      { id: 'b', type: 'add', variantId },
    ]
    const sent = await cart.at(node).send(...intents)
    expect(sent).toMatchObject({
      status: 200,
      body: {
        lines: [{ variantId, quantity: 3, unitPrice: { amount: 1_000 }, available: null }],
        subtotal: { amount: 3_000, currency: 'USD' },
        receipt,
      },
    })
    const again = await cart.at(node).send(...intents)
    expect(again.body).toEqual(sent.body)
    const more = await cart
      .at(node)
      .send(...intents, { id: 'c', type: 'set', variantId, quantity: 7 })
    expect(more.body.lines).toMatchObject([{ quantity: 7 }])
  })

  test('is begun once for one idempotency key, which nobody can guess', async () => {
    const headers = { 'idempotency-key': 'a-key-that-is-long-enough' }
    const one = await node.ask('POST', '/carts', { headers })
    const two = await node.ask('POST', '/carts', { headers })
    expect(one).toMatchObject({ status: 201, body: { receipt } })
    expect(two.body).toEqual(one.body)
    const short = await node.ask('POST', '/carts', { headers: { 'idempotency-key': '1' } })
    expect(short).toMatchObject(refusal(400, 'idempotency_key_invalid'))
  })

  test("goes into the account's when a guest signs in, and comes back", async () => {
    const cart = await createCart(node)
    const variantId = variantIdOf(await createProduct(node))
    await cart.at(node).send({ type: 'add', variantId, quantity: 2 })
    const path = `/carts/${cart.id}/merge`
    expect(await node.ask('POST', path, { headers: cart.headers })).toMatchObject(
      refusal(401, 'unauthorized'),
    )
    expect(await node.order('POST', path)).toMatchObject(refusal(401, 'cart_token_required'))
    const merged = await node.order('POST', path, { headers: cart.headers })
    expect(merged).toMatchObject({
      status: 200,
      body: { lines: [{ variantId, quantity: 2 }], receipt },
    })
    const { id, token } = merged.body
    const headers = { 'x-cart-token': token }
    expect((await node.ask('GET', `/carts/${id}`, { headers })).body.lines).toHaveLength(1)
    expect((await cart.at(node).read()).body.lines).toEqual([])
    const itself = await node.order('POST', `/carts/${id}/merge`, { headers })
    expect(itself).toMatchObject(refusal(400, 'invalid_request'))
    await node.order('DELETE', path, { headers: cart.headers })
    expect((await cart.at(node).read()).body.lines).toMatchObject([{ variantId, quantity: 2 }])
  })
})

describe('an idempotency key', () => {
  const headers = { 'idempotency-key': 'once' }

  test('makes a request that is sent again count once, and answers as before', async () => {
    const body = newProduct()
    const first = await node.order('POST', '/products', { body, headers })
    const again = await node.order('POST', '/products', { body, headers })
    expect(again.status).toBe(201)
    expect(again.body).toEqual(first.body)
  })

  test('sent at once with itself makes one change', async () => {
    const key = { 'idempotency-key': 'at-once' }
    const body = newProduct()
    const all = await Promise.all(
      Array.from({ length: 8 }, () => node.order('POST', '/products', { body, headers: key })),
    )
    expect(new Set(all.map(({ body }) => body.receipt.change)).size).toBe(1)
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([201]))
  })

  test('cannot be used for anything else', async () => {
    for (const [method, path, body] of [
      ['POST', '/products', newProduct()],
      ['POST', '/categories', { path: ['Keys'] }],
    ] as const) {
      expect(await node.order(method, path, { body, headers })).toMatchObject(
        refusal(422, 'idempotency_key_reused'),
      )
    }
  })

  test.each([' ', 'ä', 'x'.repeat(256)])('must be one: %s', async (key) => {
    const asked = node.order('POST', '/products', {
      body: newProduct(),
      headers: { 'idempotency-key': key },
    })
    await expect(asked.then(({ body }) => body.code)).resolves.toBe('idempotency_key_invalid')
  })
})

describe('the inspector', () => {
  const explain = async (kind: string, id: string, query = ''): Promise<Body> =>
    (await node.order('GET', `/admin/documents/${kind}/${id}${query}`)).body

  test('shows nobody a hash of a password or of a token', async () => {
    const { id } = (await node.order('GET', '/auth/profile')).body
    const [session] = (await node.order('GET', '/auth/sessions')).body.items
    const account = await explain('account', id)
    expect(account.fields['passwordHash']).toMatchObject({
      value: '[secret]',
      winner: { value: '[secret]', writtenBy: { node: 'eu' } },
    })
    expect(JSON.stringify(account)).not.toContain('argon2')
    const { fields } = await explain('session', session?.['id'] ?? '')
    expect(fields['renewal']).toMatchObject({ value: '[secret]', winner: { value: '[secret]' } })
  })

  test('explains each field of a document: what it is, who wrote it, and by which rule', async () => {
    const { id } = await createProduct(node, { tags: ['sale'] })
    const { body } = await node.order('PUT', `/products/${id}/price`, {
      body: { price: 1, reason: 'because' },
    })
    const { fields, ...rest } = await explain('product', id)
    expect(rest).toMatchObject({ kind: 'product', id, at: null, changes: 2, conflicts: [] })
    expect(fields).toMatchObject({
      price: {
        value: { amount: 100, currency: 'USD' },
        rule: 'only_write',
        winner: {
          writtenBy: {
            change: body.receipt.change,
            type: 'product.price_changed',
            actor: expect.stringMatching(/^account\//),
            hlc: body.receipt.hlc,
            node: 'eu',
          },
        },
        siblings: [],
      },
      tags: { value: ['sale'], rule: 'add_wins', parts: [{ value: 'sale' }] },
      deletion: { value: null, rule: 'never_written' },
    })
  })

  test('shows a document as it was at a receipt and at a time', async () => {
    const made = await createProduct(node, { name: 'Before' })
    const changed = await node.order('PATCH', `/products/${made.id}`, { body: { name: 'After' } })
    const nameAt = async (at: string) =>
      (await explain('product', made.id, `?at=${encodeURIComponent(at)}`)).fields['name']
    expect(await nameAt(made.receipt.hlc)).toMatchObject({ value: 'Before' })
    expect(await nameAt(changed.body.receipt.hlc)).toMatchObject({ value: 'After' })
    expect(await nameAt('2100-01-01T00:00:00+02:00')).toMatchObject({ value: 'After' })
    const early = await node.order(
      'GET',
      `/admin/documents/product/${made.id}?at=2020-01-01T00:00:00Z`,
    )
    expect(early).toMatchObject(refusal(404, 'document_not_found'))
  })

  test('lists a document’s changes with their reasons, page by page', async () => {
    const { id } = await createProduct(node)
    for (const price of [1, 2, 3]) {
      await node.order('PUT', `/products/${id}/price`, { body: { price, reason: `to ${price}` } })
    }
    const path = `/admin/documents/product/${id}/history?limit=3`
    const first = (await node.order('GET', path)).body
    expect(first.items).toMatchObject([
      { type: 'product.created', documents: [`product/${id}`] },
      { type: 'product.price_changed', details: { reason: 'to 1', before: { amount: 4_900 } } },
      { type: 'product.price_changed', details: { reason: 'to 2', before: { amount: 100 } } },
    ])
    const second = (await node.order('GET', `${path}&cursor=${first.next}`)).body
    expect(second.items).toMatchObject([{ details: { reason: 'to 3' } }])
    expect(second.next).toBeUndefined()
  })

  test('explains carts, stock, categories, brands and replicas too', async () => {
    const product = await createProduct(node, {
      initialQuantity: 4,
      brand: 'Pharos',
      categories: ['Home'],
    })
    const variantId = variantIdOf(product)
    const cart = await createCart(node)
    await cart.at(node).send({ type: 'add', variantId })
    expect((await explain('stock', `${variantId}.main`)).fields).toMatchObject({
      units: { value: { received: 4, spent: 0, available: 4 }, rule: 'sum_of_replicas' },
    })
    expect((await explain('cart', cart.id)).fields).toMatchObject({
      tags: { entries: { 'i-1': { value: { variant: variantId, quantity: 1 } } } },
    })
    expect((await explain('brand', 'pharos')).fields).toMatchObject({ name: { value: 'Pharos' } })
    expect((await explain('category', 'home')).fields).toMatchObject({ path: { value: ['Home'] } })
    const { replica } = await node.replication()
    expect((await explain('replica', replica)).fields).toMatchObject({ node: { value: 'eu' } })
  })

  test('says what it does not have', async () => {
    const none = (path: string) => node.order('GET', `/admin/documents/${path}`)
    expect(await none('product/none')).toMatchObject(refusal(404, 'document_not_found'))
    expect(await none('boat/none')).toMatchObject(refusal(404, 'document_kind_unknown'))
    expect(await none('product/none/history')).toMatchObject(refusal(404, 'document_not_found'))
    expect(await none('product/none?at=yesterday')).toMatchObject(refusal(400, 'invalid_request'))
    const { id } = await createProduct(node)
    const resolve = await node.order('POST', `/admin/conflicts/product/${id}/resolve`, {
      body: { field: 'price', value: { amount: 1, currency: 'USD' } },
    })
    expect(resolve).toMatchObject(refusal(404, 'conflict_not_found'))
    const link = await node.order('PUT', '/admin/peers/us/link', { body: { state: 'cut' } })
    expect(link).toMatchObject(refusal(404, 'peer_unknown'))
  })

  test('is for those who may', async () => {
    for (const path of ['/admin/replication', '/admin/conflicts', '/admin/documents/product/x']) {
      expect(await node.ask('GET', path)).toMatchObject(refusal(401, 'unauthorized'))
    }
  })

  test('says where the node stands', async () => {
    const { vector, replica, changes, digest } = await node.replication()
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    expect(Object.keys(vector)).toEqual([replica])
    expect(vector[replica]).toBe(changes)
  })
})
