/** What a command does while its node is away, and when it gives up. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createNodeClient } from '../../../../node/cli/node-client.ts'
import { patienceMs } from '../../../../node/cli/patient-fetch.ts'
import { createOperator, type Operator } from './operator.ts'
import { admin, createPretendNode, type PretendNode } from './pretend-node.ts'

let node: PretendNode
let alice: Operator

beforeEach(async () => {
  node = await createPretendNode()
  alice = await createOperator()
})
afterEach(async () => {
  await node.close()
  await alice.close()
})

const list = { method: 'GET', path: 'api/v1/products?limit=100' } as const
const batch = {
  method: 'POST',
  path: 'api/v1/products:batch',
  body: '{"sku":"a"}\n',
  contentType: 'application/x-ndjson',
} as const

describe('a node that is away', () => {
  test('is asked again with growing pauses', async () => {
    node.next.push({ status: 503 }, { status: 502 }, { status: 429 }, 'break')
    const trouble: string[] = []
    const client = createNodeClient(alice.deps, {
      node: node.url,
      onTrouble: (text) => trouble.push(text),
    })
    expect(await client.call(list)).toMatchObject({ ok: true })
    expect(alice.waits).toEqual([187.5, 375, 750, 1500])
    expect(trouble).toEqual([
      `${node.url.origin}: the node answers 503; trying again for ${patienceMs / 1000} s`,
    ])
  })

  test('says itself how long', async () => {
    node.next.push({ status: 503, headers: { 'retry-after': '7' } })
    expect(await createNodeClient(alice.deps, { node: node.url }).call(list)).toMatchObject({
      ok: true,
    })
    expect(alice.waits).toEqual([7000])
  })

  test('is given up after a bounded time', async () => {
    await node.close()
    const result = await createNodeClient(alice.deps, { node: node.url }).call(list)
    expect(result).toMatchObject({ ok: false, refusal: { kind: 'unreachable' } })
    expect(result).toMatchObject({
      refusal: { detail: `${node.url.origin}: nothing listens there (ECONNREFUSED)` },
    })
    const waitedMs = alice.waits.reduce((total, ms) => total + ms, 0)
    expect(waitedMs).toBeLessThanOrEqual(patienceMs)
    expect(waitedMs).toBeGreaterThan(patienceMs - 6_000)
  })

  test('is not waited for after Ctrl-C', async () => {
    node.next.push({ status: 503 })
    const client = createNodeClient(alice.deps, {
      node: node.url,
      ...(alice.deps.signal && { signal: alice.deps.signal }),
      onTrouble: () => alice.interrupt(),
    })
    expect(await client.call(list)).toMatchObject({ ok: false, refusal: { kind: 'interrupted' } })
    expect(node.seen.requests).toBe(1)
  })
})

describe('signing in', () => {
  test('happens once for requests made together, and again when the token is old', async () => {
    const client = createNodeClient(alice.deps, { node: node.url, credentials: admin })
    await Promise.all([client.call(batch), client.call(batch)])
    expect(node.seen.logins).toBe(1)
    node.rules.token = 'token-2'
    const results = await Promise.all([client.call(batch), client.call(batch)])
    expect(results.map(({ ok }) => ok)).toEqual([true, true])
    expect(node.seen.logins).toBe(2)
  })

  test('fails with what the node says of a wrong password', async () => {
    const credentials = { ...admin, password: 'wrong' }
    const result = await createNodeClient(alice.deps, { node: node.url, credentials }).call(batch)
    expect(result).toEqual({
      ok: false,
      refusal: {
        kind: 'unauthorized',
        detail: 'the node answers 401 invalid_credentials: E-mail or password is wrong.',
      },
    })
    expect(node.seen.requests).toBe(1)
  })

  test('a token that the node does not take is not tried for ever', async () => {
    const credentials = { token: 'stolen' }
    const result = await createNodeClient(alice.deps, { node: node.url, credentials }).call(batch)
    expect(result).toMatchObject({ ok: false, refusal: { kind: 'unauthorized' } })
    expect(node.seen.requests).toBe(1)
  })

  test('a node that never takes the token it gave is not tried for ever', async () => {
    const client = createNodeClient(alice.deps, { node: node.url, credentials: admin })
    const old = { status: 401, body: '{"code":"token_expired"}' }
    await client.call(batch)
    node.next.push(old, { status: 200, body: '{"accessToken":"x"}' }, old)
    expect(await client.call(batch)).toMatchObject({ ok: false, refusal: { kind: 'unauthorized' } })
  })
})

test('an answer that asks for nothing but a person is not repeated', async () => {
  node.next.push({ status: 500, body: '{"code":"internal_error","title":"Our fault"}' })
  const result = await createNodeClient(alice.deps, { node: node.url }).call(list)
  expect(result).toEqual({
    ok: false,
    refusal: {
      kind: 'unexpected_answer',
      detail: 'the node answers 500 internal_error: Our fault',
    },
  })
})

test('a token does not follow a redirect', async () => {
  node.next.push({ status: 307, headers: { location: 'http://127.0.0.1:1/elsewhere' } })
  const client = createNodeClient(alice.deps, { node: node.url, credentials: { token: 'token-1' } })
  expect(await client.call(batch)).toMatchObject({ ok: false, refusal: { kind: 'unreachable' } })
  expect(alice.waits).toEqual([])
})

test('a node may live under a path', async () => {
  const asked: string[] = []
  const deps = {
    ...alice.deps,
    fetch: (input: Parameters<typeof fetch>[0]) => {
      asked.push(new Request(input).url)
      return Promise.resolve(new Response('{}'))
    },
  }
  await createNodeClient(deps, { node: new URL('https://shop.example/eu') }).call(list)
  expect(asked).toEqual(['https://shop.example/eu/api/v1/products?limit=100'])
})
