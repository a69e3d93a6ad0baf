/**
 * A request to a node that may be away for a while.
 *
 * A node that cannot be reached or says that it is busy is asked again, with growing pauses, for a
 * bounded time. So a request must be one that may arrive twice: a read, or a batch that is
 * idempotent by SKU.
 */

import { z } from 'zod'
import { ok, refused, type Result } from '../result.ts'
import { jsonOf } from './json.ts'

export interface ClientDeps {
  readonly fetch: typeof fetch
  readonly clock: { now(): number }
  /** So many random bytes. */
  readonly random: (bytes: number) => Uint8Array
  readonly timers: {
    /** Calls `callback` once, after `ms`; what is returned prevents it. */
    after(ms: number, callback: () => void): () => void
  }
}

/** Where the node is, and how to hear of it. */
export interface NodeAddress {
  readonly node: URL
  /** Ends what is under way; the call answers `interrupted`. */
  readonly signal?: AbortSignal
  /** Told once for every time the node goes away. */
  readonly onTrouble?: (text: string) => void
}

export interface NodeRequest {
  readonly method: 'GET' | 'POST'
  /** Under the node's base, without a leading slash: `api/v1/products?limit=100`. */
  readonly path: string
  readonly body?: string
  readonly contentType?: string
}

export type CallFailure =
  /** No answer, or only "busy", for as long as a command waits. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** Wrong password, refused token, or not an admin. */
  | { readonly kind: 'unauthorized'; readonly detail: string }
  /** The node answered, and not with what was asked for. */
  | { readonly kind: 'unexpected_answer'; readonly detail: string }
  | { readonly kind: 'interrupted'; readonly detail: string }

/** How long a node may be away: a restart with a full check of its log fits in. */
export const patienceMs = 60_000
const firstPauseMs = 250
const longestPauseMs = 5_000

/** A page of 100 products with every field at its limit is below this. */
const answerBytesMax = 64 * 1024 * 1024

export interface Answer {
  readonly status: number
  readonly text: string
  readonly retryAfterMs?: number
}

interface Attempt {
  readonly request: NodeRequest
  readonly token?: string | undefined
}

/** The node's answer, whatever it says, unless it only ever says that it is busy. */
export const patientFetch = async (
  deps: ClientDeps,
  options: NodeAddress,
  attempt: Attempt,
): Promise<Result<Answer, CallFailure>> => {
  const { signal, node } = options
  const deadlineMs = deps.clock.now() + patienceMs
  for (let tries = 0; ; tries += 1) {
    const outcome = await fetchOnce(deps, options, attempt)
    if (signal?.aborted) return refused(interrupted)
    if (outcome.ok && !busyStatuses.has(outcome.value.status)) return outcome
    if (!outcome.ok && !outcome.refusal.passes) {
      return refused({ kind: 'unreachable', detail: `${node.origin}: ${outcome.refusal.detail}` })
    }
    const trouble = outcome.ok ? troubleText(outcome.value) : outcome.refusal.detail
    const pauseMs = pause(deps, { tries, ...(outcome.ok && outcome.value) })
    if (deps.clock.now() + pauseMs > deadlineMs) {
      return refused({ kind: 'unreachable', detail: `${node.origin}: ${trouble}` })
    }
    if (tries === 0) {
      options.onTrouble?.(`${node.origin}: ${trouble}; trying again for ${patienceMs / 1000} s`)
    }
    await wait(deps, pauseMs, signal)
    if (signal?.aborted) return refused(interrupted)
  }
}

const wait = ({ timers }: ClientDeps, ms: number, signal?: AbortSignal): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const end = () => resolve()
  const cancel = timers.after(ms, end)
  signal?.addEventListener('abort', end)
  return promise.finally(() => {
    cancel()
    signal?.removeEventListener('abort', end)
  })
}

const interrupted: CallFailure = { kind: 'interrupted', detail: 'interrupted' }

/** Too many requests, and what a node or a proxy in front of it says while the node is away. */
const busyStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504])

// Jitter over the upper half, so that many importers do not come back at one moment.
const pause = (
  { random }: ClientDeps,
  { tries, retryAfterMs = 0 }: { readonly tries: number; readonly retryAfterMs?: number },
): number => {
  const longest = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(tries, 10))
  return Math.max(retryAfterMs, longest * (0.5 + (random(1)[0] ?? 0) / 512))
}

interface FetchFailure {
  readonly detail: string
  /** Whether trying again may help. */
  readonly passes: boolean
}

const fetchOnce = async (
  deps: ClientDeps,
  { node, signal }: NodeAddress,
  { request, token }: Attempt,
): Promise<Result<Answer, FetchFailure>> => {
  const { method, path, body, contentType } = request
  try {
    const response = await deps.fetch(new URL(path, baseOf(node)), {
      method,
      // A token must not follow a redirect to somewhere else.
      redirect: 'error',
      headers: {
        accept: 'application/json, application/x-ndjson',
        ...(contentType !== undefined && { 'content-type': contentType }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    })
    const text = await boundedText(response)
    if (text === undefined) {
      return refused({ detail: `an answer of more than ${answerBytesMax} bytes`, passes: false })
    }
    const retryAfter = Number(response.headers.get('retry-after') ?? '0')
    return ok({
      status: response.status,
      text,
      ...(retryAfter > 0 && { retryAfterMs: retryAfter * 1000 }),
    })
  } catch (cause) {
    return refused(fetchFailure(cause))
  }
}

const baseOf = (node: URL): URL =>
  new URL(node.pathname.endsWith('/') ? '' : `${node.pathname}/`, node)

const boundedText = async (response: Response): Promise<string | undefined> => {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.length
    if (bytes > answerBytesMax) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

// fetch hides what happened in the cause; of all codes these are the ones that a restart of the
// node or a moment of bad network shows.
const passingCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection broke off',
  EPIPE: 'the connection broke off',
  UND_ERR_SOCKET: 'the connection broke off',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'no answer in time',
  EHOSTUNREACH: 'no way to that host',
  ENETUNREACH: 'no way to that network',
  EAI_AGAIN: 'its name cannot be looked up now',
}

const fetchFailure = (error: unknown): FetchFailure => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const known = passingCodes[code]
  if (known !== undefined) return { detail: `${known} (${code})`, passes: true }
  return { detail: cause instanceof Error ? cause.message : String(cause), passes: false }
}

const problem = z.object({
  title: z.string().optional(),
  detail: z.string().optional(),
  code: z.string().optional(),
})

/** What the node's problem details say, or at least its status. */
export const troubleText = ({ status, text }: Answer): string => {
  const parsed = problem.safeParse(jsonOf(text))
  const said = parsed.success ? (parsed.data.detail ?? parsed.data.title) : undefined
  const code = parsed.success ? parsed.data.code : undefined
  return `the node answers ${[status, code].filter(Boolean).join(' ')}${said ? `: ${said}` : ''}`
}
