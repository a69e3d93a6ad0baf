/** What a client is told when a request fails: never the error's own words, always a way to find them. */

import type { Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { Fault } from '../fault.ts'
import type { ErrorCode, Refusal } from '../errors.ts'
import { problem } from './problem.ts'
import type { NodeEnv } from './router.ts'

/** Answers whatever a handler threw. A request that fails never takes the process with it. */
export const answerError = (error: Error, c: Context<NodeEnv>): Response => {
  const refusal = refusalOf(error)
  const line = { code: refusal.code, method: c.req.method, path: c.req.path, err: error }
  if (serverCodes.has(refusal.code)) c.get('log').error(line, 'request failed')
  else c.get('log').debug(line, 'request refused')
  return problem(c, refusal)
}

const serverCodes = new Set<ErrorCode>([
  'internal_error',
  'not_ready',
  'overloaded',
  'shutting_down',
  'storage_failed',
  'storage_full',
])

const refusalOf = (error: Error): Refusal => {
  if (error instanceof Fault) return { code: error.code, detail: faultDetail }
  if (error instanceof HTTPException) return httpRefusal(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (clientGoneCodes.has(code) || error.name === 'AbortError')
    return { code: 'invalid_request', detail: 'The request was broken off' }
  const storageCode = storageCodeOf(code)
  if (storageCode !== undefined) return { code: storageCode, detail: faultDetail }
  return {
    code: 'internal_error',
    detail: 'The log has what went wrong, under the request id of this answer',
  }
}

const faultDetail = 'The request was not carried out, or it is not known whether it was'

const clientGoneCodes = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'])

// SQLite and the file system say the same things in different words. A constraint that fails is not
// among them: it means that we decided wrongly.
const storageCodeOf = (code: string): ErrorCode | undefined => {
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT') return 'storage_full'
  if (/^SQLITE_(IOERR|CORRUPT|READONLY|CANTOPEN|NOTADB|BUSY|LOCKED)/.test(code))
    return 'storage_failed'
  return code === 'EIO' || code === 'EROFS' ? 'storage_failed' : undefined
}

// The frameworks below us throw these before a handler of ours is reached.
const httpRefusal = ({ status }: HTTPException): Refusal => {
  if (status === 415)
    return {
      code: 'unsupported_media_type',
      detail: 'The Content-Type is not one that this path takes',
    }
  if (status === 413) return { code: 'body_too_large', detail: 'The body is too large' }
  if (status === 401) return { code: 'unauthorized', detail: 'Nobody is signed in' }
  if (status === 403) return { code: 'forbidden', detail: 'This is not allowed' }
  if (status === 404) return { code: 'not_found', detail: 'There is nothing here' }
  if (status < 500) return { code: 'invalid_request', detail: 'The request cannot be read' }
  return {
    code: 'internal_error',
    detail: 'The log has what went wrong, under the request id of this answer',
  }
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Answers a path that has no handler: with what the path does take, if it takes anything. */
export const answerNotFound =
  (app: Hono<NodeEnv>) =>
  (c: Context<NodeEnv>): Response => {
    const { path } = c.req
    const allowed = methods.filter((method) =>
      app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
    )
    // A handler that was reached and found nothing comes here too.
    const isTaken = allowed.some((method) => method === c.req.method) || c.req.method === 'HEAD'
    if (allowed.length === 0 || isTaken)
      return problem(c, { code: 'not_found', detail: 'There is nothing at this path' })
    const response = problem(c, {
      code: 'method_not_allowed',
      detail: `This path takes ${allowed.join(', ')}`,
    })
    response.headers.set(
      'allow',
      (allowed.includes('GET') ? ['HEAD', ...allowed] : allowed).join(', '),
    )
    return response
  }
