/** A router of the node's API: typed routes with OpenAPI, whose bad input becomes one kind of problem. */

import type { HttpBindings } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { z } from 'zod'
import type { ErrorCode, FieldError } from '../errors.ts'
import { readJsonBody } from './body.ts'
import { fieldErrorsMax, quotedLengthMax } from './limits.ts'
import type { RequestLog } from './observe.ts'
import type { Principal } from './principal.ts'
import { problem } from './problem.ts'

export interface NodeEnv {
  /** Node's own request and response; absent when a test calls `app.request()`. */
  Bindings: Partial<HttpBindings> & {
    /** Where a request came from that another thread took in. */
    remoteAddress?: string
  }
  Variables: {
    requestId: string
    /** Writes lines that carry the request id. */
    log: RequestLog
    /** Who is asking, once a route's guard has checked a token. */
    principal?: Principal
  }
}

/**
 * A router whose JSON routes read their bodies bounded and strictly. Mount it with `route()`: Hono's
 * `basePath()` makes a plain router of it.
 */
export const createRouter = (): OpenAPIHono<NodeEnv> => {
  const router = new OpenAPIHono<NodeEnv>({
    defaultHook: (result, c) => {
      if (result.success) return undefined
      const errors = fieldErrors(result.target, result.error.issues)
      const code = codeFor(errors)
      return problem(c, { code, detail: describe(errors), errors })
    },
  })
  // A route's JSON body is read by us, bounded and strict, after the route's own guards and before
  // its validators: nobody may have a megabyte parsed before showing that they may send it.
  router.openapi = new Proxy(router.openapi, {
    apply: (openapi, self, [route, ...rest]) =>
      Reflect.apply(openapi, self, [withBodyReader(route), ...rest]),
  })
  return router
}

type Route = Parameters<OpenAPIHono['openapi']>[0]

const withBodyReader = (route: Route): Route => {
  const body = route.request?.body
  if (body === undefined || !Object.keys(body.content).some(isJsonMediaType)) return route
  const guards = route.middleware === undefined ? [] : [route.middleware].flat()
  return {
    ...route,
    middleware: [...guards, readJsonBody({ required: body.required === true })],
  }
}

const isJsonMediaType = (mediaType: string): boolean =>
  /^application\/([a-z-.]+\+)?json$/i.test(mediaType)

type Target = 'json' | 'form' | 'query' | 'param' | 'header' | 'cookie'
type Issue = z.core.$ZodIssue

const fieldErrors = (target: Target, issues: readonly Issue[]): readonly FieldError[] => {
  const prefix = target === 'json' || target === 'form' ? '' : target
  return issues.flatMap((issue) => errorsOf(prefix, issue)).slice(0, fieldErrorsMax)
}

const errorsOf = (prefix: string, issue: Issue): readonly FieldError[] => {
  const path = issue.path.reduce<string>((pointer, key) => `${pointer}/${escaped(key)}`, prefix)
  if (issue.code === 'unrecognized_keys')
    return issue.keys
      .slice(0, fieldErrorsMax)
      .map((key) => ({ path: quoted(`${path}/${escaped(key)}`), message: 'Unknown field' }))
  if (issue.code === 'invalid_union') {
    // Of several shapes that it might have been, the one with the fewest faults was likely meant.
    const [nearest] = issue.errors.toSorted((a, b) => a.length - b.length)
    if (nearest !== undefined && nearest.length > 0)
      return nearest.flatMap((inner) => errorsOf(path, inner))
  }
  return [{ path: quoted(path), message: quoted(issue.message) }]
}

// The two escapes of JSON pointers (RFC 6901).
const escaped = (key: PropertyKey): string =>
  String(key).replaceAll('~', '~0').replaceAll('/', '~1')

const quoted = (text: string): string =>
  text.length <= quotedLengthMax ? text : `${text.slice(0, quotedLengthMax)}…`

const codeFor = (errors: readonly FieldError[]): ErrorCode =>
  errors.length > 0 && errors.every(({ path }) => path.toLowerCase() === 'header/idempotency-key')
    ? 'idempotency_key_invalid'
    : 'invalid_request'

const describe = (errors: readonly FieldError[]): string => {
  const [first] = errors
  if (first === undefined) return 'The request does not fit its schema'
  const where = first.path === '' ? 'The body' : first.path
  const more = errors.length > 1 ? `, and ${errors.length - 1} more` : ''
  return `${where}: ${first.message}${more}`
}
