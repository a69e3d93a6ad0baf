/** Webhooks from real nodes to real servers, that answer, fail, hang and lie. */

import { createServer, type IncomingMessage, type Server } from 'node:http'
import { once } from 'node:events'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { readEvent } from '../../node/events/message.ts'
import { verify } from '../../node/webhooks/signature.ts'
import {
  allConnected,
  cleanUp,
  createProduct,
  startNode,
  type NodeUnderTest,
} from './node-under-test.ts'

afterAll(cleanUp)

interface Heard {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A receiver that answers with what `answer` says; `hang` answers nothing, `redirect` points elsewhere. */
const openReceiver = async (
  answer: (heard: Heard, before: number) => number | 'hang' | 'redirect',
) => {
  const heard: Heard[] = []
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = { headers: request.headers, body: Buffer.concat(chunks).toString() }
      const what = answer(one, heard.length)
      heard.push(one)
      if (what === 'hang') return
      if (what === 'redirect') response.writeHead(302, { location: `${url}/elsewhere` })
      else response.writeHead(what)
      response.end('thank you')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It listens nowhere')
  const url = `http://127.0.0.1:${address.port}`
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url, heard }
}

const start = (name = 'eu', peers: readonly NodeUnderTest[] = []) =>
  startNode({ name, peers, webhookLoopback: true })

const subscribe = async (node: NodeUnderTest, url: string, types: readonly string[]) => {
  const made = await node.order('POST', '/admin/webhooks', { body: { url, types } })
  expect(made).toMatchObject({ status: 201 })
  const { id, secret } = made.body
  if (typeof secret !== 'string') throw new Error('The secret is shown once')
  return { id, secret }
}

const soon = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 20_000, interval: 50 })

const deliveries = async (node: NodeUnderTest, id: string, state: string) =>
  (await node.order('GET', `/admin/webhooks/${id}/deliveries?state=${state}`)).body.items

describe('a webhook', () => {
  test('brings what was asked for, signed, and nothing from before', async () => {
    const node = await start()
    const receiver = await openReceiver(() => 204)
    await createProduct(node, { sku: 'BEFORE' })
    const { id, secret } = await subscribe(node, receiver.url, ['product.created'])
    await createProduct(node, { sku: 'AFTER' })
    await soon(() => expect(receiver.heard).toHaveLength(1))
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.heard
    const signature = String(headers['atoll-signature'])
    expect(verify(signature, { secret, body, nowMs: Date.now() })).toBe(true)
    expect(verify(signature, { secret, body: `${body} `, nowMs: Date.now() })).toBe(false)
    expect(verify(signature, { secret, body, nowMs: Date.now() + 600_000 })).toBe(false)
    const read = readEvent(body)
    expect(read).toMatchObject({ event: { type: 'product.created', data: { sku: 'AFTER' } } })
    expect('event' in read && headers['atoll-event-id'] === read.event.id).toBe(true)
    await soon(async () => expect(await deliveries(node, id, 'delivered')).toHaveLength(1))
  })

  test('shows its secret once, and no list, document or history has it', async () => {
    const node = await start()
    const { id, secret } = await subscribe(node, 'https://example.com/', ['*'])
    for (const path of [
      '/admin/webhooks',
      `/admin/webhooks/${id}`,
      `/admin/documents/webhook/${id}`,
      `/admin/documents/webhook/${id}/history`,
    ]) {
      const answer = await node.order('GET', path)
      expect(answer.status).toBe(200)
      expect(answer.text).not.toContain(secret)
    }
    const renewed = await node.order('POST', `/admin/webhooks/${id}/secret`)
    expect(renewed.body['secret']).toMatch(/^whsec_[0-9a-f]{64}$/)
    expect(renewed.body['secret']).not.toBe(secret)
  })

  test('that fails is tried again, and that hangs holds up no other', async () => {
    const node = await start()
    const hanging = await openReceiver(() => 'hang')
    const shaky = await openReceiver((_, before) => (before === 0 ? 500 : 200))
    const well = await openReceiver(() => 200)
    const stuck = await subscribe(node, hanging.url, ['product.created'])
    await subscribe(node, shaky.url, ['product.created'])
    await subscribe(node, well.url, ['product.created'])
    for (let number = 0; number < 12; number++) await createProduct(node, { sku: `P${number}` })
    await vi.waitFor(() => expect(well.heard).toHaveLength(12), { timeout: 3_000, interval: 20 })
    await soon(() => expect(shaky.heard).toHaveLength(13))
    // As many as may hang at once, and the rest waits for them.
    expect(hanging.heard).toHaveLength(4)
    expect(await deliveries(node, stuck.id, 'waiting')).toHaveLength(12)
  })

  test('follows no redirect', async () => {
    const node = await start()
    const receiver = await openReceiver(() => 'redirect')
    const { id } = await subscribe(node, receiver.url, ['product.created'])
    await createProduct(node, { sku: 'A' })
    await soon(async () => {
      const [waiting] = await deliveries(node, id, 'waiting')
      expect(waiting).toMatchObject({ attempts: 1, outcome: 'It answered 302' })
    })
    expect(receiver.heard).toHaveLength(1)
  })

  test('is told of by the node where it happened, once, whichever node it was made at', async () => {
    const eu = await start('eu')
    const us = await start('us', [eu])
    await allConnected([eu, us])
    const receiver = await openReceiver(() => 200)
    const { id } = await subscribe(eu, receiver.url, ['product.created'])
    await soon(async () =>
      expect((await us.order('GET', `/admin/webhooks/${id}`)).status).toBe(200),
    )
    await createProduct(eu, { sku: 'EU' })
    await createProduct(us, { sku: 'US' })
    await soon(() => expect(receiver.heard).toHaveLength(2))
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(receiver.heard.map(({ body }) => String(JSON.parse(body).data.sku)).toSorted()).toEqual([
      'EU',
      'US',
    ])
  })

  test('that is paused keeps what happens meanwhile; removed, it is told nothing more', async () => {
    const node = await start()
    const receiver = await openReceiver(() => 200)
    const { id } = await subscribe(node, receiver.url, ['product.created'])
    await node.order('PATCH', `/admin/webhooks/${id}`, { body: { paused: true } })
    await createProduct(node, { sku: 'A' })
    await soon(async () => expect(await deliveries(node, id, 'waiting')).toHaveLength(1))
    await node.order('PATCH', `/admin/webhooks/${id}`, { body: { paused: false } })
    await soon(() => expect(receiver.heard).toHaveLength(1))
    expect((await node.order('DELETE', `/admin/webhooks/${id}`)).status).toBe(200)
    await createProduct(node, { sku: 'B' })
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(receiver.heard).toHaveLength(1)
    expect((await node.order('GET', `/admin/webhooks/${id}`)).body.code).toBe('webhook_not_found')
  })
})

describe('bad input', () => {
  test('a target inside, a type that there is not, and somebody who may not', async () => {
    const node = await startNode({ name: 'eu' })
    const post = (body: unknown) => node.order('POST', '/admin/webhooks', { body })
    const types = ['*']
    expect(await post({ url: 'http://127.0.0.1:1/', types })).toMatchObject({
      status: 422,
      body: { code: 'webhook_target_refused' },
    })
    for (const body of [{}, { url: 'https://example.com/', types: [] }, { types }, []]) {
      expect((await post(body)).status).toBe(400)
    }
    expect((await post({ url: 'https://example.com/', types: ['nothing.such'] })).status).toBe(400)
    const asNobody = await node.ask('POST', '/admin/webhooks', {
      body: { url: 'https://example.com/', types },
    })
    expect(asNobody.status).toBe(401)
    expect((await node.order('GET', '/admin/webhooks/wh_x')).status).toBe(400)
  })
})
