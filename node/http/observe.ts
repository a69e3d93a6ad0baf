/**
 * The outermost middleware: every request gets an id, is counted and timed, and can be logged; every
 * answer gets the headers that all answers carry.
 *
 * It runs on every request, so it is made to cost next to nothing: headers go straight to Node's
 * response where there is one, a log line is built only if it will be written, and no child logger
 * is made.
 */

import type { ServerResponse } from 'node:http'
import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { answerError } from './failure.ts'
import type { NodeEnv } from './router.ts'

/** Writes lines that carry the id of the request. */
export interface RequestLog {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export interface ObserveDeps {
  readonly log: Log
  readonly metrics: Metrics
  /** Milliseconds that never go back; `performance` is one. */
  readonly clock: { now(): number }
  /** So many random bytes. */
  readonly random: (size: number) => Uint8Array
  /** What every answer carries, unless its route says otherwise. */
  readonly answerHeaders: Readonly<Record<string, string>>
}

/** Longer than this, a request is worth a line even where requests are not logged. */
const slowMs = 1000

const requestIdPattern = /^[A-Za-z0-9._-]{1,64}$/

export const observe = (deps: ObserveDeps): MiddlewareHandler<NodeEnv> => {
  const { log, metrics, clock } = deps
  const mintRequestId = requestIds(deps.random)
  const answerHeaders = Object.entries(deps.answerHeaders)

  const finish = (c: Context<NodeEnv>, requestId: string, startedMs: number): void => {
    const { status } = c.res
    if (outgoingOf(c) === undefined) {
      c.res.headers.set('x-request-id', requestId)
      for (const [name, value] of answerHeaders)
        if (!c.res.headers.has(name)) c.res.headers.set(name, value)
    }
    const ms = clock.now() - startedMs
    const route = routeOf(c)
    metrics.requestFinished({ method: methodOf(c), route, status, ms })
    const isSlow = ms > slowMs
    if (!isSlow && !log.isLevelEnabled('debug')) return
    const line = { method: c.req.method, path: c.req.path, route, status, ms }
    if (isSlow) c.get('log').info(line, 'slow request')
    else c.get('log').debug(line, 'request')
  }

  return (c, next) => {
    const startedMs = clock.now()
    metrics.requestStarted()
    const given = c.req.header('x-request-id')
    const requestId = given !== undefined && requestIdPattern.test(given) ? given : mintRequestId()
    c.set('requestId', requestId)
    c.set('log', new RequestLines(log, requestId))
    // What a route answers later takes the place of what stands here.
    const outgoing = outgoingOf(c)
    if (outgoing !== undefined) {
      outgoing.setHeader('x-request-id', requestId)
      for (const [name, value] of answerHeaders) outgoing.setHeader(name, value)
    }
    return next().then(
      () => finish(c, requestId, startedMs),
      // Hono passes on what is thrown without being an Error; its client gets an answer all the same.
      (cause: unknown) => {
        c.res = answerError(new Error('Something was thrown that is no Error', { cause }), c)
        finish(c, requestId, startedMs)
      },
    )
  }
}

// Hono leaves the bindings undefined in `app.request()`, whatever their type says.
const outgoingOf = (c: Context<NodeEnv>): ServerResponse | undefined => {
  const bindings: NodeEnv['Bindings'] | undefined = c.env
  return bindings?.outgoing
}

// Unique without a draw for each: the random part names this start, the number the request.
const requestIds = (random: (size: number) => Uint8Array): (() => string) => {
  const start = Buffer.from(random(6)).toString('hex')
  let count = 0
  return () => {
    count += 1
    return `${start}-${count.toString(36)}`
  }
}

// The last pattern that matched is the handler's. One that ends in a star is a middleware's: then
// there was no handler, and the path must not become a label, since clients make paths up.
const routeOf = (c: Context<NodeEnv>): string => {
  const pattern = routePath(c, -1)
  return pattern === '' || pattern.endsWith('*') ? 'unmatched' : pattern
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

const methodOf = (c: Context<NodeEnv>): string =>
  methods.has(c.req.method) ? c.req.method : 'other'

class RequestLines implements RequestLog {
  readonly #log: Log
  readonly #requestId: string

  constructor(log: Log, requestId: string) {
    this.#log = log
    this.#requestId = requestId
  }

  debug(details: object, message: string): void {
    if (this.#log.isLevelEnabled('debug')) this.#log.debug(this.#line(details), message)
  }
  info(details: object, message: string): void {
    this.#log.info(this.#line(details), message)
  }
  warn(details: object, message: string): void {
    this.#log.warn(this.#line(details), message)
  }
  error(details: object, message: string): void {
    this.#log.error(this.#line(details), message)
  }

  #line(details: object): object {
    return { requestId: this.#requestId, ...details }
  }
}
