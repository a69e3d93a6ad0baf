import { z } from '@hono/zod-openapi'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeCursor, encodeCursor } from '../../../../node/http/cursor.ts'

const Position = z.tuple([z.string(), z.int()])

describe('a cursor', () => {
  test('comes back as what it was made of', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100, unit: 'binary' }), fc.integer(), (name, at) => {
        const cursor = encodeCursor([name, at])
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/)
        expect(decodeCursor(cursor, Position)).toEqual({ ok: true, value: [name, at] })
      }),
    )
  })

  test('that nobody made here is refused and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.base64String(), fc.string({ minLength: 1025 })),
        (text) => {
          expect(decodeCursor(text, Position)).toMatchObject({
            ok: false,
            refusal: { code: 'invalid_cursor' },
          })
        },
      ),
    )
  })

  const base64url = (text: string | Uint8Array) => Buffer.from(text).toString('base64url')

  test.each([
    ['of a later version', base64url('[2,["a",1]]')],
    ['of another list', encodeCursor({ offset: 3 })],
    ['with more in it', base64url('[1,["a",1],3]')],
    ['that is no UTF-8', base64url(new Uint8Array([0x5b, 0xff, 0x5d]))],
    ['cut short', encodeCursor(['abc', 1]).slice(0, -4)],
    ['past its length', encodeCursor(['x'.repeat(1000), 1])],
  ])('%s is refused', (_, cursor) => {
    expect(decodeCursor(cursor, Position)).toMatchObject({ ok: false })
  })
})
