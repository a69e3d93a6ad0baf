/** Hostile input over every route: each piece gets a problem with a stable code, and changes nothing. */

import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isErrorCode } from '../../node/errors.ts'
import {
  cleanUp,
  createCart,
  createProduct,
  productBody,
  startNode,
  variantIdOf,
  type Answer,
  type NodeUnderTest,
} from './node-under-test.ts'

let node: NodeUnderTest
let productId: string
let variantId: string
let cart: Awaited<ReturnType<typeof createCart>>
let before: string

beforeAll(async () => {
  node = await startNode({ name: 'eu' })
  const product = await createProduct(node, { brand: 'Pharos', categories: ['Home'] })
  productId = product.id
  variantId = variantIdOf(product)
  cart = await createCart(node)
  await cart.at(node).send({ type: 'add', variantId, quantity: 2 })
  before = await node.digest()
})

afterAll(cleanUp)

const refused = ({ status, headers, body }: Answer): boolean =>
  status >= 400 &&
  status < 500 &&
  (headers.get('content-type') ?? '').startsWith('application/problem+json') &&
  isErrorCode(body.code) &&
  typeof body.detail === 'string' &&
  body.detail.length < 1_000

/** What an answer should be: a refusal with one of these codes, and nothing of the request kept. */
const outcome = async (answer: Answer) => ({
  isRefused: refused(answer),
  code: answer.body.code,
  digest: await node.digest(),
})

const refusal = (codes: readonly string[]) => ({
  isRefused: true,
  code: expect.toSatisfy((code: string) => codes.includes(code)),
  digest: before,
})

/** Every route that takes a JSON body, with who may send it and a body that it takes. */
const writes = () =>
  [
    ['POST', '/auth/login', { email: 'a@shop.example', password: 'wrong password' }],
    ['POST', '/auth/refresh', { refreshToken: 'none' }],
    ['POST', '/products', productBody()],
    ['PATCH', `/products/${productId}`, { name: 'x' }],
    ['PUT', `/products/${productId}/price`, { price: 1 }],
    ['POST', '/categories', { path: ['x'] }],
    ['PATCH', '/categories/home', { description: 'x' }],
    ['PATCH', '/brands/pharos', { description: 'x' }],
    ['POST', `/carts/${cart.id}/intents`, { intents: [{ id: 'x', type: 'clear' }] }],
    ['PUT', '/admin/peers/us/link', { state: 'cut' }],
    ['POST', `/admin/conflicts/product/${productId}/resolve`, { field: 'price', value: 1 }],
  ] as const

const send = (method: string, path: string, text: string | Uint8Array, headers = {}) =>
  node.order(method, path, { text, headers: { ...cart.headers, ...headers } })

describe('a body', () => {
  const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`

  test.each<readonly [string, string | Uint8Array]>([
    ['of nothing', ''],
    ['that ends early', '{"name":'],
    ['with more behind it', '{}{}'],
    ['of one word', 'nonsense'],
    ['that is null', 'null'],
    ['that is a list', '[]'],
    ['that is a text', '"text"'],
    ['that is a number', '1e999'],
    ['with NaN', '{"price":NaN}'],
    ['with a comment', '{/**/}'],
    ['with an empty object', '{}'],
    ['with an unknown field', '{"unknown":1}'],
    ['with __proto__', '{"__proto__":{"roles":["admin"]}}'],
    ['with __proto__ deep inside', '{"variants":[{"options":{"__proto__":{"x":"y"}}}]}'],
    ['with constructor', '{"constructor":{"prototype":{"x":1}}}'],
    ['that is nested very deep', deep],
    ['in Latin-1', Uint8Array.of(0x7b, 0x22, 0xe4, 0x22, 0x3a, 0x31, 0x7d)],
    ['in UTF-16', Buffer.from('{"name":"x"}', 'utf16le')],
    ['with a byte that begins no character', Uint8Array.of(0x22, 0xff, 0x22)],
    ['of zero bytes', new Uint8Array(100)],
  ])('%s is refused by every route', async (_, text) => {
    for (const [method, path] of writes()) {
      expect(await outcome(await send(method, path, text))).toEqual(
        refusal(['invalid_json', 'invalid_request']),
      )
    }
  })

  test('of more than a mebibyte is refused by every route', async () => {
    const text = JSON.stringify({ name: 'x'.repeat(10 * 1_024 * 1_024) })
    for (const [method, path] of writes()) {
      expect(await outcome(await send(method, path, text))).toEqual(refusal(['body_too_large']))
    }
  })

  test('of another kind, or packed, is refused by every route', async () => {
    for (const [method, path, body] of writes()) {
      const text = JSON.stringify(body)
      for (const headers of [
        { 'content-type': 'text/plain' },
        { 'content-type': 'application/x-www-form-urlencoded' },
        { 'content-type': 'multipart/form-data; boundary=x' },
        { 'content-encoding': 'gzip' },
      ]) {
        expect(await outcome(await send(method, path, text, headers))).toEqual(
          refusal(['unsupported_media_type']),
        )
      }
    }
  })
})

describe('a product', () => {
  const large = 'x'.repeat(301)

  test.each<readonly [string, Readonly<Record<string, unknown>>]>([
    ['without a name', { name: undefined }],
    ['with an empty name', { name: '' }],
    ['with a blank name', { name: ' \u00a0 ' }],
    ['with a name too long', { name: large }],
    ['with a name of several lines', { name: 'a\nb' }],
    ['with a zero byte in its name', { name: 'a\u0000b' }],
    ['with an escape in its name', { name: '\u001b[2J' }],
    ['with half a character in its name', { name: '\ud800' }],
    ['with the other half', { description: 'a\udc00b' }],
    ['with a number for a name', { name: 1 }],
    ['with a list for a name', { name: ['a'] }],
    ['with an SKU of nothing', { sku: '' }],
    ['with spaces around its SKU', { sku: ' A' }],
    ['with two spaces in its SKU', { sku: 'A  B' }],
    ['with what cannot be seen in its SKU', { sku: 'A\u200bB' }],
    ['with a tab in its SKU', { sku: 'A\tB' }],
    ['with an SKU too long', { sku: 'x'.repeat(65) }],
    ['with a price below nothing', { price: { amount: -1, currency: 'USD' } }],
    ['with a price of half a cent', { price: { amount: 0.5, currency: 'USD' } }],
    ['with a price too high', { price: { amount: 1e13, currency: 'USD' } }],
    ['with a price past exact numbers', { price: { amount: 2 ** 53, currency: 'USD' } }],
    ['with a price that is a text', { price: '12.50' }],
    ['with a price in no currency', { price: { amount: 1, currency: 'XXX' } }],
    ['with a currency in small letters', { price: { amount: 1, currency: 'usd' } }],
    ['with a price and more', { price: { amount: 1, currency: 'USD', extra: 1 } }],
    ['with a decimal price below nothing', { price: -0.01 }],
    ['with a decimal price too exact', { price: 0.001 }],
    ['with a decimal price too high', { price: 1e300 }],
    ['with two currencies', { price: { amount: 1, currency: 'USD' }, currency: 'EUR' }],
    ['with a quantity below nothing', { initialQuantity: -1 }],
    ['with half a unit', { initialQuantity: 0.5 }],
    ['with too many units', { initialQuantity: 1e10 }],
    ['with more units than there are numbers', { initialQuantity: 1e300 }],
    ['with units as a text', { initialQuantity: '1' }],
    ['with units beside variants', { initialQuantity: 1, variants: [{ sku: 'A' }] }],
    ['with too many tags', { tags: Array.from({ length: 65 }, (_, at) => `t${at}`) }],
    ['with an empty tag', { tags: [''] }],
    ['with too deep a category', { categories: Array(13).fill('c') }],
    ['with a category with a separator', { categories: ['a > b'] }],
    ['with a category with half a separator', { categories: ['a >', 'b'] }],
    ['with paths and names', { categories: ['a', ['b']] }],
    ['with a picture of a script', { images: [{ url: 'javascript:alert(1)' }] }],
    ['with a picture of a file', { images: [{ url: 'file:///etc/passwd' }] }],
    ['with a picture of nothing', { images: [{ url: '' }] }],
    ['with two variants of one SKU', { variants: [{ sku: 'A' }, { sku: 'A' }] }],
    [
      'with too many variants',
      { variants: Array.from({ length: 101 }, (_, at) => ({ sku: `${at}` })) },
    ],
    ['with an option of a number', { variants: [{ sku: 'A', options: { Size: 1 } }] }],
    ['with an option without a name', { variants: [{ sku: 'A', options: { '': 'x' } }] }],
    ['with an unknown field', { discount: 1 }],
  ])('%s is refused', async (_, fields) => {
    const text = JSON.stringify(productBody(fields))
    expect(await outcome(await send('POST', '/products', text))).toEqual(
      refusal(['invalid_request']),
    )
    const patch = await send('PATCH', `/products/${productId}`, JSON.stringify(fields))
    expect(await outcome(patch)).toEqual(refusal(['invalid_request']))
  })

  test.each(['1e999', '-1e999', '-1', '1e-7', '"1"', 'true', '[]', '{}', 'null'])(
    'is not priced at %s',
    async (price) => {
      const path = `/products/${productId}/price`
      expect(await outcome(await send('PUT', path, `{"price":${price}}`))).toEqual(
        refusal(['invalid_request']),
      )
    },
  )

  test('that would make a change too large for the wire is refused before it is kept', async () => {
    const text = JSON.stringify(
      productBody({
        variants: Array.from({ length: 100 }, (_, at) => ({
          sku: `LARGE-${at}`,
          options: Object.fromEntries(
            Array.from({ length: 8 }, (_, index) => [
              `${index} ${'ä'.repeat(100)}`,
              'ä'.repeat(120),
            ]),
          ),
        })),
      }),
    )
    expect(await outcome(await send('POST', '/products', text))).toEqual(
      refusal(['body_too_large']),
    )
  })

  test('of minus nothing costs nothing', async () => {
    const free = await startNode({ name: 'free' })
    const made = await free.order('POST', '/products', {
      text: '{"sku":"FREE","name":"x","price":{"amount":-0,"currency":"USD"},"popularity":-0}',
    })
    expect(made).toMatchObject({ status: 201, body: { popularity: 0 } })
    expect(made.text).not.toMatch(/:-0/)
    await free.close()
  })
})

describe('an intent', () => {
  test.each<readonly [string, unknown]>([
    ['for none', { type: 'add', quantity: 0 }],
    ['for less than none', { type: 'add', quantity: -1 }],
    ['for half a thing', { type: 'add', quantity: 0.5 }],
    ['for too many', { type: 'add', quantity: 1_000 }],
    ['for more than there are numbers', { type: 'add', quantity: 1e300 }],
    ['for a text', { type: 'add', quantity: '1' }],
    ['to set less than none', { type: 'set', quantity: -1 }],
    ['to set nothing said', { type: 'set' }],
    ['with a quantity that it has none of', { type: 'remove', quantity: 1 }],
    ['of no kind', { type: 'steal', quantity: 1 }],
    ['without a kind', { quantity: 1 }],
    ['with a price', { type: 'add', quantity: 1, price: 1 }],
  ])('%s is refused', async (_, intent) => {
    const intents = [{ id: 'x', variantId, ...(intent as object) }]
    const text = JSON.stringify({ intents })
    expect(await outcome(await send('POST', `/carts/${cart.id}/intents`, text))).toEqual(
      refusal(['invalid_request']),
    )
  })

  test.each<readonly [string, object, string]>([
    ['without an id', { id: undefined }, 'invalid_request'],
    ['with an empty id', { id: '' }, 'invalid_request'],
    ['with an id too long', { id: 'x'.repeat(65) }, 'invalid_request'],
    ['with a slash in its id', { id: 'a/b' }, 'invalid_request'],
    ['with a zero byte in its id', { id: 'a\u0000' }, 'invalid_request'],
    ['of no variant', { variantId: 'x' }, 'invalid_request'],
    ['of a path', { variantId: '../../etc/passwd' }, 'invalid_request'],
    [
      'of a variant that is not there',
      { variantId: `${'0'.repeat(20)}-${'0'.repeat(8)}` },
      'unknown_variant',
    ],
    ['that brings a line over its limit', { quantity: 998 }, 'quantity_out_of_range'],
  ])('%s is refused', async (_, fields, code) => {
    const good = { id: 'good', type: 'add', variantId, quantity: 1 }
    const intents = [good, { ...good, id: 'bad', ...fields }]
    const text = JSON.stringify({ intents })
    expect(await outcome(await send('POST', `/carts/${cart.id}/intents`, text))).toEqual(
      refusal([code]),
    )
  })

  test('of two with one id, and of too many, none is done', async () => {
    const intent = { id: 'x', type: 'add', variantId, quantity: 1 }
    for (const intents of [
      [],
      [intent, intent],
      Array.from({ length: 101 }, (_, at) => ({ ...intent, id: `${at}` })),
    ]) {
      const text = JSON.stringify({ intents })
      expect(await outcome(await send('POST', `/carts/${cart.id}/intents`, text))).toEqual(
        refusal(['invalid_request']),
      )
    }
  })
})

describe('a path', () => {
  const ids = [
    'x',
    'x'.repeat(3_000),
    '..%2f..%2fetc%2fpasswd',
    '%00',
    '%ED%A0%80',
    '%FF',
    '%',
    '__proto__',
    'constructor',
    '%F0%9F%92%A1',
    "'%20or%201=1--",
    '%3Cscript%3E',
    '-1',
  ]

  test.each(ids)('with %s for an id is refused', async (id) => {
    for (const [method, path, body] of [
      ['GET', `/products/${id}`, undefined],
      ['DELETE', `/products/${id}`, undefined],
      ['PATCH', `/products/${id}`, { name: 'x' }],
      ['PUT', `/products/${id}/price`, { price: 1 }],
      ['GET', `/categories/${id}`, undefined],
      ['GET', `/brands/${id}`, undefined],
      ['GET', `/carts/${id}`, undefined],
      ['POST', `/carts/${id}/intents`, { intents: [{ id: 'x', type: 'clear' }] }],
      ['POST', `/carts/${id}/merge`, undefined],
      ['GET', `/admin/documents/product/${id}`, undefined],
      ['GET', `/admin/documents/${id}/x`, undefined],
      ['GET', `/admin/documents/product/${id}/history`, undefined],
      ['POST', `/admin/conflicts/product/${id}/resolve`, { field: 'x', value: 1 }],
      ['PUT', `/admin/peers/${id}/link`, { state: 'cut' }],
    ] as const) {
      const answer = await node.order(method, path, { body, headers: cart.headers })
      expect(answer).toSatisfy(refused)
    }
    expect(await node.digest()).toBe(before)
  })

  test('that is not there, or takes another method, says so', async () => {
    expect(await outcome(await node.order('GET', '/nothing'))).toEqual(refusal(['not_found']))
    expect(await outcome(await node.order('GET', '/products/../../etc/passwd'))).toEqual(
      refusal(['not_found']),
    )
    expect(await outcome(await node.order('DELETE', '/products'))).toEqual(
      refusal(['method_not_allowed']),
    )
    expect(await outcome(await node.order('PUT', `/products/${productId}`))).toEqual(
      refusal(['method_not_allowed']),
    )
  })
})

describe('a query', () => {
  test.each([
    'limit=0',
    'limit=101',
    'limit=-1',
    'limit=1.5',
    'limit=1e1',
    'limit=',
    'limit=1&limit=2',
    'limit=%00',
    'sort=best',
    'sort=created_ms;drop table products',
    'minPrice=-1',
    'minPrice=1e3',
    'maxPrice=99999999999999',
    'minRating=9',
    'inStock=maybe',
    'unknown=1',
    '__proto__=1',
    'tag=',
    'tag=%0A',
    `tag=${'x'.repeat(65)}`,
    `category=${'x'.repeat(2_001)}`,
    'cursor=',
    'cursor=x',
    'cursor=%00',
    `cursor=${'A'.repeat(2_000)}`,
    `cursor=${Buffer.from('[1,["newest",{"a":1},"x"]]').toString('base64url')}`,
    `cursor=${Buffer.from('[1,["newest",1e999,"x"]]').toString('base64url')}`,
    `cursor=${Buffer.from('[2,["newest",1,"x"]]').toString('base64url')}`,
    `cursor=${Buffer.from([0xff, 0xfe]).toString('base64url')}`,
  ])('%s is refused', async (query) => {
    const answer = await node.ask('GET', `/products?${query}`)
    expect(await outcome(answer)).toEqual(refusal(['invalid_request', 'invalid_cursor']))
  })

  test.each([
    "tag='%20or%201=1--",
    'category=%25',
    'category=_',
    'brand=%F0%9F%92%A1',
    'tag=%ED%A0%80',
  ])('%s finds nothing, and harms nothing', async (query) => {
    const { status, body } = await node.ask('GET', `/products?${query}`)
    expect([status, body.items]).toEqual([200, []])
  })

  test.each([
    'at=',
    'at=yesterday',
    'at=-1',
    'at=1e999',
    'at=2026-02-31T00:00:00Z',
    'at=%00',
    'until=2026',
  ])('of the inspector %s is refused', async (query) => {
    const path = `/admin/documents/product/${productId}?${query}`
    expect(await outcome(await node.order('GET', path))).toEqual(refusal(['invalid_request']))
  })

  test.each(['cursor=x', 'limit=1000', 'kind=Product', `kind=${'x'.repeat(100)}`, 'x=1'])(
    'of conflicts %s is refused',
    async (query) => {
      const answer = await node.order('GET', `/admin/conflicts?${query}`)
      expect(await outcome(answer)).toEqual(refusal(['invalid_request', 'invalid_cursor']))
    },
  )
})

describe('a header', () => {
  test.each([
    '',
    'x',
    'Bearer',
    'Bearer ',
    'Bearer x',
    'Basic YTpi',
    `Bearer ${'x'.repeat(5_000)}`,
    'Bearer a.b.c',
  ])('of no account, %s, opens nothing', async (authorization) => {
    for (const [method, path, body] of writes().filter(([, path]) => !/auth|carts/.test(path))) {
      const answer = await node.ask(method, path, { body, headers: { authorization } })
      expect(await outcome(answer)).toEqual(refusal(['unauthorized']))
    }
  })

  test.each(['x', 'x'.repeat(200), 'x'.repeat(201), '__proto__'])(
    'of no cart opens none',
    async (token) => {
      const answer = await node.ask('GET', `/carts/${cart.id}`, {
        headers: { 'x-cart-token': token },
      })
      expect(await outcome(answer)).toEqual(refusal(['cart_token_required', 'invalid_request']))
    },
  )

  test.each(['{"a":1}{', '[1]', '"x"', '\u0000'])(
    'a batch line %s is rejected, and no other',
    async (line) => {
      const answer = await send('POST', '/products:batch', `${line}\n{"sku":`, {
        'content-type': 'application/x-ndjson',
      })
      const results = answer.text
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text))
      expect(results).toMatchObject([
        { line: 1, status: 'rejected' },
        { line: 2, status: 'rejected' },
      ])
      expect(results.every(({ problem }) => isErrorCode(problem.code))).toBe(true)
      expect(await node.digest()).toBe(before)
    },
  )

  test('that HTTP does not allow is refused without harm', async () => {
    for (const request of [
      'GET / HTTP/1.1\r\n\r\n',
      'GET /api/v1/products HTTP/1.1\r\nHost: x\r\nX: \u0000\r\n\r\n',
      `GET /api/v1/products HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      'POST /api/v1/carts HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
      'POST /api/v1/carts HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      'nonsense\r\n\r\n',
    ]) {
      expect(await raw(request)).toMatch(/^(HTTP\/1\.1 4\d\d |$)/)
    }
    expect((await node.ask('GET', '/products')).status).toBe(200)
  })
})

test('the node is alive after all that', async () => {
  const read = await node.ask('GET', `/products/${productId}`)
  expect(read).toMatchObject({ status: 200, body: { id: productId } })
  expect(await node.digest()).toBe(before)
})

/** What the node answers to these bytes before it closes. */
const raw = (request: string): Promise<string> =>
  new Promise((resolve) => {
    let answer = ''
    const socket = connect(node.port, '127.0.0.1', () => socket.write(request, 'latin1'))
    socket.setTimeout(2_000, () => socket.destroy())
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1')
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(answer))
  })
