import { createRoute, z } from '@hono/zod-openapi'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRouter } from '../../../../node/http/router.ts'
import { IdempotencyKeyHeader, Money, PageQuery } from '../../../../node/http/schemas.ts'
import { createProductRoutes, createTestShell, post, product, type Body } from './test-shell.ts'

interface ProblemBody {
  readonly code: string
  readonly errors: readonly { readonly path: string }[]
}

const createApp = () => {
  const { app } = createTestShell()
  app.route('/', createProductRoutes())
  return app
}

const send = async (body: Body, headers?: Record<string, string>) => {
  const response = await createApp().request('/products', post(body, headers))
  return { status: response.status, body: (await response.json()) as ProblemBody }
}

describe('a JSON body', () => {
  test('reaches its handler as it was sent', async () => {
    expect(await send(JSON.stringify(product))).toEqual({ status: 201, body: product })
  })

  test('may call itself any kind of JSON, with a charset', async () => {
    for (const type of ['application/json; charset=utf-8', 'application/vnd.api+json'])
      expect(await send(JSON.stringify(product), { 'content-type': type })).toMatchObject({
        status: 201,
      })
  })

  test('is answered with every fault in it, each with its path', async () => {
    const { status, body } = await send(
      JSON.stringify({ name: '', price: { amount: -1, currency: 'usd', 'a/b~c': 1 }, extra: true }),
    )
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'invalid_request', instance: '/products' })
    expect(body.errors.map(({ path }) => path).toSorted()).toEqual(
      ['/extra', '/name', '/price/amount', '/price/a~1b~0c', '/price/currency'].toSorted(),
    )
  })

  const text = (bytes: readonly number[]) => new Uint8Array(bytes)
  const json = JSON.stringify
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

  test.each<[string, Body, string]>([
    ['nothing', '', 'invalid_json'],
    ['half an object', '{"name":', 'invalid_json'],
    ['a trailing comma', '{"name":"Lamp",}', 'invalid_json'],
    ['two values', '{}{}', 'invalid_json'],
    ['NaN', '{"price":NaN}', 'invalid_json'],
    ['bytes that are no UTF-8', text([0x22, 0xff, 0xfe, 0x22]), 'invalid_json'],
    ['an overlong UTF-8 form', text([0x22, 0xc0, 0xaf, 0x22]), 'invalid_json'],
    ['UTF-16', text([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]), 'invalid_json'],
    ['deep nesting', deep(100_000), 'invalid_json'],
    ['deep nesting within a field', `{"tags":${deep(40)}}`, 'invalid_json'],
    ['null', 'null', 'invalid_request'],
    ['a string', '"Lamp"', 'invalid_request'],
    ['an array', '[]', 'invalid_request'],
    ['a number as the name', json({ ...product, name: 7 }), 'invalid_request'],
    ['a blank name', json({ ...product, name: ' \u00a0 ' }), 'invalid_request'],
    ['a name of two lines', json({ ...product, name: 'a\nb' }), 'invalid_request'],
    ['a name with a NUL', json({ ...product, name: 'a\0b' }), 'invalid_request'],
    ['half a surrogate pair', '{"name":"\\ud800"}', 'invalid_request'],
    ['a long name', json({ ...product, name: 'x'.repeat(201) }), 'invalid_request'],
    ['an unknown field', json({ ...product, admin: true }), 'invalid_request'],
    [
      'an infinite amount',
      '{"name":"a","price":{"amount":1e999,"currency":"USD"}}',
      'invalid_request',
    ],
    ['a negative amount', '{"name":"a","price":{"amount":-1,"currency":"USD"}}', 'invalid_request'],
    ['half a cent', '{"name":"a","price":{"amount":0.5,"currency":"USD"}}', 'invalid_request'],
    [
      'an amount as text',
      '{"name":"a","price":{"amount":"1","currency":"USD"}}',
      'invalid_request',
    ],
    [
      'an amount past all bounds',
      '{"name":"a","price":{"amount":1000000000001,"currency":"USD"}}',
      'invalid_request',
    ],
    ['a prototype', `{"__proto__":{"isAdmin":true},${json(product).slice(1)}`, 'invalid_request'],
    ['a prototype in escapes', `{"\\u005f_proto__":1,${json(product).slice(1)}`, 'invalid_request'],
    [
      'a prototype within',
      '{"name":"a","price":{"amount":1,"currency":"USD","__proto__":{}}}',
      'invalid_request',
    ],
    [
      'a constructor',
      `{"constructor":{"prototype":{}},${json(product).slice(1)}`,
      'invalid_request',
    ],
    [
      'a name of ten megabytes',
      json({ ...product, name: 'x'.repeat(10_000_000) }),
      'body_too_large',
    ],
  ])('that is %s is refused', async (_, body, code) => {
    const { body: problem } = await send(body)
    expect(problem).toMatchObject({ code, instance: '/products' })
    expect(JSON.stringify(problem).length).toBeLessThan(20_000)
    expect('isAdmin' in {}).toBe(false)
  })

  test.each([
    ['', 'unsupported_media_type'],
    ['text/plain', 'unsupported_media_type'],
    ['application/x-www-form-urlencoded', 'unsupported_media_type'],
    ['application/jsonp', 'unsupported_media_type'],
    ['text/json', 'unsupported_media_type'],
  ])('that calls itself "%s" is refused', async (type, code) => {
    const { status, body } = await send(JSON.stringify(product), { 'content-type': type })
    expect({ status, code: body.code }).toEqual({ status: 415, code })
  })

  test('that is compressed is refused', async () => {
    const { body } = await send(JSON.stringify(product), { 'content-encoding': 'gzip' })
    expect(body.code).toBe('unsupported_media_type')
  })

  test('is answered with 201 or a problem of ours, whatever it is', async () => {
    const app = createApp()
    const body = fc.oneof(fc.string(), fc.json(), fc.uint8Array({ maxLength: 64 }))
    await fc.assert(
      fc.asyncProperty(body, async (body) => {
        const response = await app.request('/products', post(body))
        const { code } = (await response.json()) as Partial<ProblemBody>
        expect(response.status === 201 || /^invalid_(json|request)$/.test(code ?? '')).toBe(true)
      }),
    )
  })
})

describe('what is outside the body', () => {
  const app = createTestShell().app
  const router = createRouter()
  router.openapi(
    createRoute({
      method: 'get',
      path: '/items',
      request: { query: PageQuery, headers: IdempotencyKeyHeader },
      responses: { 200: { description: 'Items.' } },
    }),
    (c) => c.json({ ...c.req.valid('query'), ...c.req.valid('header') }, 200),
  )
  router.openapi(
    createRoute({
      method: 'post',
      path: '/items/{id}/confirm',
      request: {
        params: z.object({ id: z.string().regex(/^[a-z]+$/) }),
        body: { content: { 'application/json': { schema: z.strictObject({ note: z.string() }) } } },
      },
      responses: { 200: { description: 'Confirmed.' } },
    }),
    (c) => c.json({ body: c.req.valid('json') }, 200),
  )
  app.route('/', router)

  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await app.request(path, { headers })
    return response.json()
  }

  test('has defaults', async () => {
    expect(await get('/items')).toEqual({ limit: 20 })
  })

  test.each(['0', '-1', '101', '1e1', '0x10', ' 5', 'NaN', '', '9'.repeat(400)])(
    'a limit of "%s" is refused',
    async (limit) => {
      expect(await get(`/items?limit=${encodeURIComponent(limit)}`)).toMatchObject({
        code: 'invalid_request',
        errors: [{ path: 'query/limit' }],
      })
    },
  )

  test('a limit given twice is refused', async () => {
    expect(await get('/items?limit=1&limit=2')).toMatchObject({ code: 'invalid_request' })
  })

  test('an unknown filter is refused by its name', async () => {
    expect(await get('/items?colour=red')).toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'query/colour', message: 'Unknown field' }],
    })
  })

  test('an idempotency key that cannot be used has its own code', async () => {
    expect(await get('/items', { 'Idempotency-Key': 'a'.repeat(256) })).toMatchObject({
      code: 'idempotency_key_invalid',
    })
    expect(await get('/items', { 'Idempotency-Key': 'a' })).toMatchObject({
      'idempotency-key': 'a',
    })
  })

  test('a bad path segment is refused', async () => {
    const response = await app.request('/items/A1/confirm', { method: 'POST' })
    expect(await response.json()).toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'param/id' }],
    })
  })

  test('an optional body may be absent, but not nonsense', async () => {
    const absent = await app.request('/items/a/confirm', { method: 'POST' })
    expect(absent.status).toBe(200)
    const nonsense = await app.request('/items/a/confirm', post('{'))
    expect(await nonsense.json()).toMatchObject({ code: 'invalid_json' })
    const untyped = await app.request('/items/a/confirm', {
      method: 'POST',
      body: new TextEncoder().encode('{"note":"x"}'),
    })
    expect(await untyped.json()).toMatchObject({ code: 'unsupported_media_type' })
  })
})

test('of several shapes that a field might have, the nearest one is explained', async () => {
  const { app } = createTestShell()
  const router = createRouter()
  const schema = z.strictObject({ price: z.union([z.number(), Money]) })
  router.openapi(
    createRoute({
      method: 'put',
      path: '/price',
      request: { body: { required: true, content: { 'application/json': { schema } } } },
      responses: { 200: { description: 'Set.' } },
    }),
    (c) => c.json(c.req.valid('json'), 200),
  )
  app.route('/', router)
  const send = async (price: unknown) =>
    (await app.request('/price', { ...post(JSON.stringify({ price })), method: 'PUT' })).json()
  expect(await send(24.99)).toEqual({ price: 24.99 })
  expect(await send({ amount: 1, currency: 'usd' })).toMatchObject({
    errors: [{ path: '/price/currency' }],
  })
})

test('a guard of the route comes before its body is read', async () => {
  const { app } = createTestShell()
  const router = createRouter()
  router.openapi(
    createRoute({
      method: 'post',
      path: '/guarded',
      middleware: [(c) => c.text('no', 401)],
      request: {
        body: { required: true, content: { 'application/json': { schema: z.object({}) } } },
      },
      responses: { 200: { description: 'Never.' } },
    }),
    (c) => c.json({}, 200),
  )
  app.route('/', router)
  let pulled = 0
  const body = new ReadableStream(
    {
      pull: (controller) => {
        pulled += 1
        controller.enqueue(new Uint8Array(1024))
      },
    },
    { highWaterMark: 0 },
  )
  const request = new Request('http://localhost/guarded', {
    method: 'POST',
    body,
    duplex: 'half',
    headers: { 'content-type': 'application/json' },
  })
  expect((await app.request(request)).status).toBe(401)
  expect(pulled).toBe(0)
})
