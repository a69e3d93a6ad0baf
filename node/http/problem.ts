/** Refusals as problem documents (RFC 9457), and the page that explains each code. */

import type { Context, Hono } from 'hono'
import { Hono as HonoApp } from 'hono'
import { errorCodes, isErrorCode, type ErrorCode, type Refusal } from '../errors.ts'
import type { NodeEnv } from './router.ts'

export const problemMediaType = 'application/problem+json'

/** The answer to a request that was refused. */
export const problem = (c: Context, refusal: Refusal): Response => {
  const { code, detail, errors, ...extensions } = refusal
  const { status, title } = errorCodes[code]
  const document = {
    // Extensions come first, so that none can take the place of a member that clients rely on.
    ...extensions,
    type: `/problems/${code}`,
    title,
    status,
    detail,
    code,
    instance: c.req.path,
    requestId: c.get('requestId'),
    errors,
  }
  return c.body(JSON.stringify(document), status, {
    'content-type': problemMediaType,
    ...retryAfter(status, extensions['retryAfterSeconds']),
  })
}

// A client that is told to wait must be told how long, or it hammers.
const retryAfter = (status: number, seconds: unknown): Record<string, string> => {
  if (typeof seconds === 'number') return { 'retry-after': String(Math.ceil(seconds)) }
  return status === 503 || status === 429 ? { 'retry-after': '1' } : {}
}

/** `GET /problems` and `GET /problems/:code`: the table of codes, for programs and for people. */
export const createProblemRoutes = (): Hono<NodeEnv> =>
  new HonoApp<NodeEnv>()
    .get('/problems', (c) => {
      const codes = Object.keys(errorCodes).filter(isErrorCode)
      return wantsHtml(c)
        ? c.html(page('Problems', codes.map(section).join('')))
        : c.json({ items: codes.map(entry) })
    })
    .get('/problems/:code', (c) => {
      const code = c.req.param('code')
      if (!isErrorCode(code))
        return problem(c, {
          code: 'not_found',
          detail: 'There is no such code; GET /problems lists them',
        })
      return wantsHtml(c) ? c.html(page(code, section(code))) : c.json(entry(code))
    })

const wantsHtml = (c: Context): boolean => c.req.header('accept')?.includes('text/html') ?? false

const entry = (code: ErrorCode) => ({ type: `/problems/${code}`, code, ...errorCodes[code] })

const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>${body}</html>`

// Only text of our own table enters the page, so escaping the two marks it may hold is enough.
const section = (code: ErrorCode): string => {
  const { status, title, normal, next } = errorCodes[code]
  return (
    `<h2 id="${code}">${text(title)}</h2><p><code>${code}</code>, HTTP ${status}</p>` +
    `<p>When it is normal: ${text(normal)}</p><p>What to do next: ${text(next)}</p>`
  )
}

const text = (words: string): string => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
