/**
 * Request bodies, read once and bounded, before any schema sees them.
 *
 * What a client says about its body is believed only when it rules the body out: the bytes are counted
 * as they come, whatever the Content-Length is. On a real server they are counted on Node's own
 * stream, which is several times cheaper than the web stream that a `Request` would make of it.
 */

import type { IncomingMessage } from 'node:http'
import type { Context, MiddlewareHandler } from 'hono'
import type { Refusal } from '../errors.ts'
import { ok, refused, type Result } from '../result.ts'
import { bodyBytesMax, jsonDepthMax, lineBytesMax } from './limits.ts'
import { splitLines, type Line } from './lines.ts'
import { problem } from './problem.ts'
import type { NodeEnv } from './router.ts'

/**
 * Reads a JSON body for the validators behind it, which take it with `c.req.json()` as usual.
 * `c.req.text()` still answers the body as it was sent.
 */
export const readJsonBody =
  (options: {
    /** An optional body may be absent altogether, Content-Type included. */
    readonly required: boolean
    readonly bytesMax?: number
  }): MiddlewareHandler<NodeEnv> =>
  async (c, next) => {
    const contentType = c.req.header('content-type')
    if (contentType === undefined && !options.required && !mayHaveBody(c)) return next()
    const mediaRefusal = jsonMediaRefusal(c, contentType)
    if (mediaRefusal !== undefined) return problem(c, mediaRefusal)
    const bytes = await readBytes(c, options.bytesMax ?? bodyBytesMax)
    if (!bytes.ok) return problem(c, bytes.refusal)
    const body = parseJson(bytes.value)
    if (!body.ok) return problem(c, body.refusal)
    // The first keeps `c.req.text()` working (Hono's cache holds promises, whatever its type says);
    // the second spares the validator a second parse.
    Object.assign(c.req.bodyCache, { text: Promise.resolve(body.value.text) })
    Object.defineProperty(c.req, 'json', { value: () => Promise.resolve(body.value.json) })
    return next()
  }

const jsonMediaType = /^application\/([\w.-]+\+)?json$/i

const jsonMediaRefusal = (c: Context, contentType: string | undefined): Refusal | undefined => {
  const mediaType = contentType?.split(';', 1)[0]?.trim() ?? ''
  if (!jsonMediaType.test(mediaType))
    return {
      code: 'unsupported_media_type',
      detail: 'Send the body as Content-Type: application/json',
    }
  return encodingRefusal(c)
}

// A compressed body could be a thousand times its size: we take none, so there is nothing to bound.
const encodingRefusal = (c: Context): Refusal | undefined => {
  const encoding = c.req.header('content-encoding')
  return encoding === undefined || encoding.toLowerCase() === 'identity'
    ? undefined
    : { code: 'unsupported_media_type', detail: 'Send the body without Content-Encoding' }
}

const lineMediaTypes = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
])

/** Why the body cannot be read as lines of JSON, if it cannot. */
export const lineStreamRefusal = (c: Context): Refusal | undefined => {
  const mediaType = c.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (!lineMediaTypes.has(mediaType))
    return {
      code: 'unsupported_media_type',
      detail: 'Send one JSON object a line as Content-Type: application/x-ndjson',
    }
  return encodingRefusal(c)
}

/**
 * The body's lines as they arrive, blank ones left out: of any total size, each line bounded. Throws
 * if the client goes away in the middle, so that half a body is never taken for a whole one.
 */
export const readLines = (
  c: Context<NodeEnv>,
  options: { readonly lineBytesMax: number } = { lineBytesMax },
): AsyncIterable<Line> => splitLines(chunksOf(c), options)

const chunksOf = (c: Context<NodeEnv>): AsyncIterable<Uint8Array> => {
  const incoming = incomingOf(c)
  // A reader that stops early must still be able to answer, so the socket stays.
  if (incoming !== undefined) return incoming.iterator({ destroyOnReturn: false })
  return c.req.raw.body ?? emptyStream()
}

async function* emptyStream(): AsyncGenerator<Uint8Array> {}

// Hono leaves the bindings undefined in `app.request()`, whatever their type says.
const incomingOf = (c: Context<NodeEnv>): IncomingMessage | undefined => {
  const bindings: NodeEnv['Bindings'] | undefined = c.env
  return bindings?.incoming
}

const mayHaveBody = (c: Context<NodeEnv>): boolean => {
  if (incomingOf(c) === undefined) return c.req.raw.body !== null
  const length = c.req.header('content-length')
  return c.req.header('transfer-encoding') !== undefined || (length !== undefined && length !== '0')
}

/** The body as it was sent, for who checks a signature over it. */
export const readRawBody = (
  c: Context<NodeEnv>,
  bytesMax: number,
): Promise<Result<Uint8Array, Refusal>> => readBytes(c, bytesMax)

const readBytes = (c: Context<NodeEnv>, bytesMax: number): Promise<Result<Uint8Array, Refusal>> => {
  // An honest client that wants to send too much need not send it.
  if (Number(c.req.header('content-length') ?? 0) > bytesMax)
    return Promise.resolve(tooLarge(bytesMax))
  const incoming = incomingOf(c)
  return incoming === undefined
    ? readStream(c.req.raw.body, bytesMax)
    : readIncoming(incoming, bytesMax)
}

const tooLarge = (bytesMax: number) =>
  refused<Refusal>({ code: 'body_too_large', detail: `The body may have ${bytesMax} bytes` })

const cutOff = refused<Refusal>({ code: 'invalid_json', detail: 'The body ended before its end' })

const readIncoming = (incoming: IncomingMessage, bytesMax: number) =>
  new Promise<Result<Uint8Array, Refusal>>((resolve) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const settle = (result: Result<Uint8Array, Refusal>): void => {
      incoming.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut)
      resolve(result)
    }
    const onData = (chunk: Uint8Array): void => {
      size += chunk.length
      if (size <= bytesMax) {
        chunks.push(chunk)
        return
      }
      // The server shell drains or cuts what is still to come, once we have answered.
      incoming.pause()
      settle(tooLarge(bytesMax))
    }
    const onEnd = (): void => {
      const [only] = chunks
      settle(ok(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)))
    }
    const onCut = (): void => settle(cutOff)
    if (incoming.destroyed) settle(cutOff)
    else incoming.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut)
  })

const readStream = async (
  stream: AsyncIterable<Uint8Array> | null,
  bytesMax: number,
): Promise<Result<Uint8Array, Refusal>> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream ?? []) {
    size += chunk.length
    if (size > bytesMax) return tooLarge(bytesMax)
    chunks.push(chunk)
  }
  return ok(Buffer.concat(chunks))
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The JSON value of `bytes`: strict UTF-8, of bounded depth, without a key that means a prototype. */
export const parseJson = (
  bytes: Uint8Array,
): Result<{ readonly text: string; readonly json: unknown }, Refusal> => {
  if (bytes.length === 0) return notJson('The body is empty')
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return notJson('The body is not UTF-8')
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    // The engine's message quotes the body, which may hold a password; the position says enough.
    const position = /at position \d+( \(line \d+ column \d+\))?/.exec(String(error))?.[0]
    return notJson(`Reading stopped ${position ?? 'before the end'}`)
  }
  const refusal = shapeRefusal(json, '', 1)
  return refusal === undefined ? ok({ text, json }) : refused(refusal)
}

const notJson = (detail: string) => refused<Refusal>({ code: 'invalid_json', detail })

const shapeRefusal = (value: unknown, path: string, depth: number): Refusal | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  if (depth > jsonDepthMax)
    return { code: 'invalid_json', detail: `The body is nested deeper than ${jsonDepthMax} levels` }
  for (const [key, inner] of Object.entries(value)) {
    // A field of this name would become a prototype in the first careless copy.
    if (key === '__proto__') return prototypeRefusal(path)
    if (typeof inner !== 'object') continue
    const refusal = shapeRefusal(inner, `${path}/${key}`, depth + 1)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

const prototypeRefusal = (path: string): Refusal => {
  const where = `${path.slice(0, 200)}/__proto__`
  return {
    code: 'invalid_request',
    detail: `${where}: Unknown field`,
    errors: [{ path: where, message: 'Unknown field' }],
  }
}
