/** Workers of real nodes: what one was told all know, and what one takes with it when it dies. */

import { request as httpRequest } from 'node:http'
import { Worker } from 'node:worker_threads'
import { afterAll, describe, expect, test } from 'vitest'
import type { StartThread } from '../../node/workers/crew.ts'
import {
  admin,
  allAgree,
  allConnected,
  cleanUp,
  createCart,
  createProduct,
  eventually,
  productBody,
  startNode,
  variantIdOf,
  type Body,
  type NodeUnderTest,
} from './node-under-test.ts'

afterAll(cleanUp)

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'

/** A node whose worker threads the test knows. */
const startCrew = async (name: string, workers = 2) => {
  const threads = new Set<Worker>()
  const startThread: StartThread = (program, options) => {
    const thread = new Worker(program, options)
    threads.add(thread)
    thread.once('exit', () => threads.delete(thread))
    return thread
  }
  return { node: await startNode({ name, workers, startThread }), threads }
}

/** A request on a connection of its own, so that the system chooses the worker anew. */
const askAnew = (
  url: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: object } = {},
) =>
  new Promise<{ status: number; requestId: string; body: Body }>((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const sent = httpRequest(url, {
      agent: false,
      method,
      headers: {
        ...headers,
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      let answered = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (answered += chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          requestId: String(response.headers['x-request-id']),
          body: JSON.parse(answered === '' ? '{}' : answered) as Body,
        }),
      )
    })
    sent.end(text)
  })

const signIn = async (node: NodeUnderTest): Promise<Record<string, string>> => {
  const { body } = await node.ask('POST', '/auth/login', { body: admin })
  return { authorization: `Bearer ${body.accessToken}` }
}

describe('workers', () => {
  test('all read at once what was written through one of them', async () => {
    const { node } = await startCrew('eu')
    const { id } = await createProduct(node)
    const seenBy = new Set<string>()
    for (let amount = 1; amount <= 30; amount++) {
      const price = { amount, currency: 'USD' }
      await node.order('PUT', `/products/${id}/price`, { body: { price, reason: 'a test' } })
      const read = await askAnew(`${node.url}/api/v1/products/${id}`)
      expect(read).toMatchObject({ status: 200, body: { price } })
      seenBy.add(read.requestId.split('-')[0] ?? '')
    }
    expect(seenBy.size).toBe(2)
    await node.order('DELETE', `/products/${id}`)
    for (let round = 0; round < 10; round++) {
      const read = await askAnew(`${node.url}/api/v1/products/${id}`)
      expect(read).toMatchObject({ status: 404, body: { code: 'product_deleted' } })
    }
  })

  test('count units that others sold or received', async () => {
    const { node } = await startCrew('eu')
    const product = await createProduct(node, { initialQuantity: 1 })
    const variant = variantIdOf(product)
    for (let units = 2; units <= 12; units++) {
      const body = { quantity: 1, reason: 'found one more' }
      const received = await node.order('POST', `/inventory/${variant}/receive`, { body })
      expect(received).toMatchObject({ status: 200 })
      const read = await askAnew(`${node.url}/api/v1/products/${product.id}`)
      expect(read.body.variants[0]?.available).toBe(units)
    }
  })

  test('shut out whoever was signed out through one of them', async () => {
    const { node } = await startCrew('eu')
    const headers = await signIn(node)
    const create = () =>
      askAnew(`${node.url}/api/v1/products`, { method: 'POST', headers, body: productBody() })
    for (let round = 0; round < 8; round++) expect(await create()).toMatchObject({ status: 201 })
    const out = await node.ask('POST', '/auth/logout', { headers, body: {} })
    expect(out.status).toBeLessThan(300)
    for (let round = 0; round < 8; round++) {
      expect(await create()).toMatchObject({ status: 401, body: { code: 'session_revoked' } })
    }
  })

  test('count failed sign-ins together', async () => {
    const { node } = await startCrew('eu')
    const statuses: number[] = []
    for (let attempt = 0; attempt < 30; attempt++) {
      const body = { email: 'nobody@shop.example', password: `wrong password ${attempt}` }
      const answer = await askAnew(`${node.url}/api/v1/auth/login`, { method: 'POST', body })
      statuses.push(answer.status)
      if (answer.status === 429) break
    }
    expect(statuses.at(-1)).toBe(429)
  })

  test('let nodes talk to each other through them', async () => {
    const eu = await startNode({ name: 'eu', workers: 2 })
    const us = await startNode({ name: 'us', workers: 1, peers: [eu] })
    await allConnected([eu, us])
    const { id } = await createProduct(eu)
    await allAgree([eu, us])
    expect(await us.ask('GET', `/products/${id}`)).toMatchObject({ status: 200 })
    const variantId = variantIdOf((await us.ask('GET', `/products/${id}`)).body)
    const cart = await createCart(us)
    await cart.at(us).send({ type: 'add', variantId, quantity: 2 })
    await allAgree([eu, us])
    expect((await cart.at(eu).read()).body.lines).toMatchObject([{ quantity: 2 }])
  })

  test('add up their figures', async () => {
    const { node } = await startCrew('eu')
    const { id } = await createProduct(node)
    for (let round = 0; round < 20; round++) await askAnew(`${node.url}/api/v1/products/${id}`)
    const text = await (await fetch(`${node.url}/metrics`)).text()
    const line =
      /^atoll_http_requests_total\{method="GET",route="\/api\/v1\/products\/:id",status="200"\} (\d+)$/m
    expect(line.exec(text)?.[1]).toBe('20')
  })
})

describe('a worker that dies', () => {
  test('is replaced within a second, and what was asked of it is done once', async () => {
    const { node, threads } = await startCrew('eu')
    const headers = await signIn(node)
    const bodies = Array.from({ length: 60 }, () => productBody())
    const send = (body: object, at: number) =>
      askAnew(`${node.url}/api/v1/products`, {
        method: 'POST',
        headers: { ...headers, 'idempotency-key': `product-of-a-dying-worker-${at}` },
        body,
      })
    const first = Promise.allSettled(bodies.map(send))
    const [victim] = threads
    const startMs = performance.now()
    await victim?.terminate()
    const settled = await first
    const broken = settled.filter(({ status }) => status === 'rejected').length
    expect(broken).toBeLessThan(bodies.length)
    await eventually(async () => expect(threads.size).toBe(2))
    expect(performance.now() - startMs).toBeLessThan(1_000)
    const again = await Promise.all(
      bodies.map((body, at) => eventuallyAnswered(() => send(body, at))),
    )
    for (const answer of again) expect(answer.status).toBe(201)
    const { items } = (await node.ask('GET', '/products?limit=100')).body
    expect(items).toHaveLength(bodies.length)
    expect(node.warnings).toContainEqual(
      expect.objectContaining({ message: 'a worker ended, and is replaced' }),
    )
  })

  test('again and again harms no other, and the node closes as if nothing had been', async () => {
    const { node, threads } = await startCrew('eu')
    const { id } = await createProduct(node)
    const over = new AbortController()
    let answered = 0
    const reader = async () => {
      while (!over.signal.aborted) {
        try {
          const read = await askAnew(`${node.url}/api/v1/products/${id}`)
          expect(read.status).toBe(200)
          answered++
        } catch (error) {
          if (!isBrokenOff(error)) throw error
        }
      }
    }
    const readers = [reader(), reader()]
    const cycles = isFull ? 1_000 : 12
    for (let cycle = 0; cycle < cycles; cycle++) {
      await eventually(async () => expect(threads.size).toBe(2))
      const [victim] = threads
      const before = answered
      await victim?.terminate()
      await eventually(async () => expect(answered).toBeGreaterThan(before))
    }
    over.abort()
    await Promise.all(readers)
    await node.close()
    expect(threads.size).toBe(0)
  }, 1_800_000)
})

test('closing a busy node answers what it has begun', async () => {
  const { node, threads } = await startCrew('eu')
  const headers = await signIn(node)
  const sent = Array.from({ length: 40 }, () =>
    node.ask('POST', '/products', { headers, body: productBody() }),
  )
  const all = Promise.allSettled(sent)
  await Promise.race(sent)
  await node.close()
  const settled = await all
  const statuses = settled.map((one) => (one.status === 'fulfilled' ? one.value.status : 'broken'))
  expect(statuses.filter((status) => status === 201).length).toBeGreaterThan(0)
  for (const status of statuses) expect([201, 503, 'broken']).toContain(status)
  expect(threads.size).toBe(0)
})

const isBrokenOff = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ECONNRESET', 'ECONNREFUSED'].includes(String(error.code))

const eventuallyAnswered = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!isBrokenOff(error)) throw error
    }
  }
}
