import { createRoute, z } from '@hono/zod-openapi'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRouter } from '../../../../node/http/router.ts'
import {
  amountMax,
  line,
  Money,
  page,
  PageQuery,
  problemResponses,
  Receipt,
  text,
} from '../../../../node/http/schemas.ts'

const takes = (schema: z.ZodType, value: unknown): boolean => schema.safeParse(value).success

describe('text', () => {
  test('of any well-formed Unicode within its length is taken', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (value) => {
        expect(takes(text(200), value)).toBe(!/[\p{Cc}]/u.test(value))
      }),
    )
  })

  test('may have line breaks and tabs, but no other control characters', () => {
    expect(takes(text(10), 'a\n\tb')).toBe(true)
    for (const mark of ['\0', '\b', '\u001b', '\r', '\u007f', '\u0085'])
      expect(takes(text(10), mark)).toBe(false)
  })

  test('with half a surrogate pair is refused', () => {
    expect(takes(text(10), 'a\ud83d')).toBe(false)
    expect(takes(line(10), '\ude00')).toBe(false)
    expect(takes(line(10), '😀')).toBe(true)
  })

  test('is bounded', () => {
    expect(takes(text(3), 'abc')).toBe(true)
    expect(takes(text(3), 'abcd')).toBe(false)
    expect(takes(line(3), 'abcd')).toBe(false)
  })
})

describe('a line', () => {
  test('says something, on one line', () => {
    expect(takes(line(10), 'Lamp')).toBe(true)
    for (const value of ['', ' ', '\u3000', 'a\nb', 'a\tb', 'a\u2028b'])
      expect(takes(line(10), value)).toBe(false)
  })
})

describe('money', () => {
  test('is a whole, bounded number of minor units in a currency', () => {
    expect(takes(Money, { amount: 0, currency: 'USD' })).toBe(true)
    expect(takes(Money, { amount: amountMax, currency: 'JPY' })).toBe(true)
    for (const amount of [-1, 0.1, NaN, Infinity, amountMax + 1, '1', null, 2 ** 60])
      expect(takes(Money, { amount, currency: 'USD' })).toBe(false)
    for (const currency of ['usd', 'US', 'USDT', 'U$D', '', 7])
      expect(takes(Money, { amount: 1, currency })).toBe(false)
  })

  test('has nothing beside', () => {
    expect(takes(Money, { amount: 1, currency: 'USD', exponent: 2 })).toBe(false)
  })
})

test('a page query can be extended and stays strict', () => {
  const Query = PageQuery.extend({ brand: line(40).optional() })
  expect(Query.parse({ brand: 'Acme', limit: '7' })).toEqual({ brand: 'Acme', limit: 7 })
  expect(takes(Query, { colour: 'red' })).toBe(false)
})

test('the OpenAPI document has the shared schemas by name, and the problems of a route', () => {
  const router = createRouter()
  router.openapi(
    createRoute({
      method: 'get',
      path: '/prices',
      request: { query: PageQuery },
      responses: {
        200: {
          description: 'Prices.',
          content: {
            'application/json': { schema: page(z.object({ price: Money, receipt: Receipt })) },
          },
        },
        ...problemResponses('invalid_cursor', 'invalid_request', 'not_ready'),
      },
    }),
    (c) => c.json({ items: [] }, 200),
  )
  const document = router.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Prices', version: '1' },
  })
  expect(Object.keys(document.components?.schemas ?? {}).toSorted()).toEqual([
    'Money',
    'Problem',
    'Receipt',
  ])
  const operation = document.paths?.['/prices']?.get
  expect(operation?.parameters).toMatchObject([
    {
      name: 'limit',
      in: 'query',
      schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    },
    { name: 'cursor', in: 'query' },
  ])
  expect(Object.keys(operation?.responses ?? {})).toEqual(['200', '400', '503'])
  expect(operation?.responses).toMatchObject({
    400: {
      description: expect.stringMatching(/`invalid_cursor`.*`invalid_request`/),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  })
})
