/**
 * What keeps a browser from being turned against the shop: headers on every answer, and an exact list
 * of the pages that may read answers from elsewhere.
 *
 * There are no cookies, so a forged cross-site request carries no rights; the list protects readers.
 */

import type { MiddlewareHandler } from 'hono'
import type { NodeEnv } from './router.ts'

/**
 * On every answer, unless a route says otherwise. Each costs every request a microsecond, so that what
 * protects pages alone is left to the routes that answer pages.
 */
export const secureHeaders: Readonly<Record<string, string>> = {
  // Answers depend on who asks and on when: what may be kept, its route says.
  'cache-control': 'no-store',
  // An answer of the API is data. Shown as a page, it must not be able to do anything.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
}

const allowedMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE'
const allowedHeaders =
  'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Cart-Token, X-Request-Id'
const exposedHeaders = 'ETag, Location, Retry-After, X-Request-Id'
const preflightSeconds = '600'

/** Lets pages of exactly these origins use the API (CORS). Others get answers a browser withholds. */
export const crossOrigin = (origins: readonly string[]): MiddlewareHandler<NodeEnv> => {
  const allowedOrigins = new Set(origins)
  return async (c, next) => {
    const origin = c.req.header('origin')
    const isAllowed = origin !== undefined && allowedOrigins.has(origin)
    const isPreflight =
      c.req.method === 'OPTIONS' && c.req.header('access-control-request-method') !== undefined
    if (isAllowed && isPreflight)
      c.res = c.body(null, 204, {
        'access-control-allow-methods': allowedMethods,
        'access-control-allow-headers': allowedHeaders,
        'access-control-max-age': preflightSeconds,
      })
    else await next()
    // Without this a shared cache could hand one origin's answer to another.
    c.res.headers.append('vary', 'Origin')
    if (!isAllowed) return
    c.res.headers.set('access-control-allow-origin', origin)
    c.res.headers.set('access-control-expose-headers', exposedHeaders)
  }
}
