/** The wall that every line of a catalog meets. */

import { describe, expect, test } from 'vitest'
import { parseRecord } from '../../../../../node/catalog/files/record.ts'

const lamp = { sku: 'LAMP-1', name: 'Deck lamp', price: 49.99 }

const reasonFor = (line: unknown): string => {
  const result = parseRecord(line)
  return result.ok ? 'accepted' : result.refusal
}

describe('parseRecord', () => {
  test('fills in what a line may leave out', () => {
    expect(parseRecord(lamp)).toEqual({
      ok: true,
      value: {
        sku: 'LAMP-1',
        name: 'Deck lamp',
        description: '',
        categories: [],
        tags: [],
        price: { amount: 4999, currency: 'USD' },
        images: [],
        variants: [],
      },
    })
  })

  test('reads a variant’s price in the product’s currency unless it says its own', () => {
    const variants = [
      { sku: 'a', options: { Size: 'S' }, price: 1.005 },
      { sku: 'b', options: { Size: 'M' }, price: 3, currency: 'JPY' },
    ]
    expect(parseRecord({ ...lamp, price: 1, currency: 'KWD', variants })).toMatchObject({
      value: {
        variants: [
          { price: { amount: 1005, currency: 'KWD' } },
          { price: { amount: 3, currency: 'JPY' } },
        ],
      },
    })
  })

  test('keeps a tag once', () => {
    expect(parseRecord({ ...lamp, tags: ['deck', 'deck'] })).toMatchObject({
      value: { tags: ['deck'] },
    })
  })

  test('reads Windows-1252 that was taken for Latin-1 as what it was', () => {
    expect(parseRecord({ ...lamp, name: 'Lamp\u0099 \u0096 deck' })).toMatchObject({
      value: { name: 'Lamp™ – deck' },
    })
  })

  test.each([
    ['no object', 'lamp', 'is no JSON object'],
    ['a list', [lamp], 'is no JSON object'],
    ['null', null, 'is no JSON object'],
    ['no sku', { name: 'x', price: 1 }, 'sku: is missing'],
    ['no price', { sku: 'x', name: 'x' }, 'price: is missing'],
    ['an unknown field', { ...lamp, colour: 'red' }, 'unknown field "colour"'],
    ['a price in text', { ...lamp, price: '49.99' }, 'price: must be a finite number'],
    ['an endless price', { ...lamp, price: Infinity }, 'price: must be a finite number'],
    ['a negative price', { ...lamp, price: -1 }, 'price: -1 is negative'],
    [
      'a price between cents',
      { ...lamp, price: 19.999 },
      'price: 19.999 has more decimals than USD, which has 2',
    ],
    [
      'half a yen',
      { ...lamp, price: 0.5, currency: 'JPY' },
      'price: 0.5 has more decimals than JPY, which has 0',
    ],
    ['no such currency', { ...lamp, currency: 'USF' }, 'price: USF is no ISO 4217 currency'],
    ['a blank name', { ...lamp, name: ' ' }, 'name: is blank'],
    ['a name in two lines', { ...lamp, name: 'a\nb' }, 'name: has a line break or tab'],
    ['a long name', { ...lamp, name: 'x'.repeat(301) }, 'name: is more than 300 characters'],
    ['a sku with spaces around it', { ...lamp, sku: ' a' }, 'sku: has invisible characters'],
    ['a sku with two spaces', { ...lamp, sku: 'a  b' }, 'sku: has invisible characters'],
    [
      'a path in a category',
      { ...lamp, categories: ['a > b'] },
      'categories[0]: has " > ", which stands between categories',
    ],
    ['half a popularity', { ...lamp, popularity: 0.5 }, 'popularity: must be a whole number'],
    ['a sku one cannot see', { ...lamp, sku: 'a\u200b' }, 'sku: has invisible characters'],
    ['a long sku', { ...lamp, sku: 'x'.repeat(65) }, 'sku: is more than 64 characters'],
    ['a NUL', { ...lamp, description: 'a\0b' }, 'description: has the control character U+0000'],
    ['half a pair', { ...lamp, name: 'a\ud800' }, 'name: has half a surrogate pair'],
    ['half a unit', { ...lamp, quantity: 1.5 }, 'quantity: must be a whole number'],
    ['negative stock', { ...lamp, quantity: -1 }, 'quantity: is less than 0'],
    [
      'too many tags',
      { ...lamp, tags: Array.from({ length: 65 }, (_, i) => `t${i}`) },
      'tags: is more than 64 entries',
    ],
    [
      'a deep path',
      { ...lamp, categories: Array(13).fill('c') },
      'categories: is more than 12 entries',
    ],
    [
      'a script as image',
      { ...lamp, image: 'javascript:alert(1)' },
      'image: is no http(s) address',
    ],
    ['an image without a host', { ...lamp, image: '/x.jpg' }, 'image: is no http(s) address'],
    [
      'image twice',
      { ...lamp, image: 'https://a.example/', images: [] },
      'image: stands beside images, which says the same',
    ],
    [
      'a variant twice',
      {
        ...lamp,
        variants: [
          { sku: 'a', options: {} },
          { sku: 'a', options: {} },
        ],
      },
      'variants[1].sku: a is used twice',
    ],
    [
      'an unknown field of a variant',
      { ...lamp, variants: [{ sku: 'a', options: {}, colour: 'red' }] },
      'variants[0]: unknown field "colour"',
    ],
    [
      'stock beside variants',
      { ...lamp, quantity: 1, variants: [{ sku: 'a', options: {} }] },
      'quantity: belongs to each variant when there are variants',
    ],
    [
      'nine options',
      {
        ...lamp,
        variants: [
          {
            sku: 'a',
            options: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`o${i}`, 'v'])),
          },
        ],
      },
      'variants[0].options: more than 8',
    ],
    ['a prototype', JSON.parse('{"sku":"a","__proto__":{"name":"x"}}'), 'has the field __proto__'],
    [
      'a prototype as option',
      JSON.parse(
        '{"sku":"a","name":"a","price":1,"variants":[{"sku":"b","options":{"__proto__":"x"}}]}',
      ),
      'variants[0].options: has the field __proto__',
    ],
  ])('refuses %s', (_, line, reason) => {
    expect(reasonFor(line)).toBe(reason)
  })

  test('refuses nesting without end before anything recursive sees it', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
    expect(reasonFor({ ...lamp, tags: deep })).toContain('is nested too deeply')
  })

  test('tells a line with very many faults by its first few', () => {
    const line = { ...lamp, tags: Array.from({ length: 60 }, () => 7) }
    expect(reasonFor(line).split('; ')).toHaveLength(3)
  })

  test('says nothing as long as the line', () => {
    expect(reasonFor({ ...lamp, variants: { ['k'.repeat(100_000)]: '\0' } }).length).toBeLessThan(
      200,
    )
  })
})
