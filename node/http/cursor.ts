/**
 * Opaque cursors: where a list goes on, as text that a client hands back unread.
 *
 * A cursor is neither secret nor signed. It is input like any other, so that what it holds is checked
 * by a schema and may only say where to go on, never what may be seen.
 */

import type { z } from 'zod'
import type { Refusal } from '../errors.ts'
import { ok, refused, type Result } from '../result.ts'
import { cursorLengthMax } from './limits.ts'

// It leads every cursor, so that a later release can tell the old ones apart.
const version = 1

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** `value` as a cursor; it must be plain JSON. */
export const encodeCursor = (value: unknown): string =>
  Buffer.from(JSON.stringify([version, value])).toString('base64url')

/** What a cursor holds, checked by `schema`. */
export const decodeCursor = <T>(text: string, schema: z.ZodType<T>): Result<T, Refusal> => {
  const content = parse(text)
  if (!Array.isArray(content) || content.length !== 2 || content[0] !== version) return bad
  const parsed = schema.safeParse(content[1])
  return parsed.success ? ok(parsed.data) : bad
}

const bad = refused<Refusal>({
  code: 'invalid_cursor',
  detail: 'The cursor does not come from this list',
})

const parse = (text: string): unknown => {
  if (text.length > cursorLengthMax || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined
  try {
    return JSON.parse(utf8.decode(Buffer.from(text, 'base64url')))
  } catch {
    return undefined
  }
}
