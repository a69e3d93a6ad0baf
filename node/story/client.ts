/** A node's HTTP API as the story uses it: typed, timed, and with every receipt noted down. */

import { z } from 'zod'
import { jsonOf } from '../cli/json.ts'
import { Problem, Receipted } from './answers.ts'
import { answerMsMax } from './limits.ts'
import type { Region } from './regions.ts'
import type { StoryDeps } from './story-deps.ts'

export interface Client {
  /** `http://host:port`. */
  readonly url: string
  /** The node's answer, whatever its status. Rejects if there is none. */
  ask(request: Request): Promise<Answer>
  /** What the node answers. Rejects, with a sentence for the reader, if it answers anything else. */
  read<S extends z.ZodType>(path: string, as: S, headers?: Headers): Promise<z.infer<S>>
  /** The same for what changes something; the change is noted as acknowledged. */
  change<S extends z.ZodType>(request: Request, as: S): Promise<Changed<z.infer<S>>>
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Under `/api/v1/`. */
  readonly path: string
  readonly body?: unknown
  readonly headers?: Headers
}

export type Headers = Readonly<Record<string, string>>

export interface Answer {
  readonly status: number
  readonly json: unknown
  readonly ms: number
}

export interface Changed<T> {
  readonly value: T
  readonly ms: number
}

export interface ClientOptions {
  readonly region: Region
  readonly url: string
  /** Signed in as; what is asked without is asked as anybody. */
  readonly token?: string
  /** Told of every change that the node acknowledges: `<replica>:<counter>`. */
  readonly acknowledged: (change: string) => void
}

type ClientDeps = Pick<StoryDeps, 'fetch' | 'clock' | 'timers' | 'signal'>

export const createClient = (deps: ClientDeps, options: ClientOptions): Client => {
  const { region, url, token, acknowledged } = options

  const ask = async ({ method, path, body, headers }: Request): Promise<Answer> => {
    const late = new AbortController()
    const cancel = deps.timers.after(answerMsMax, () => {
      late.abort(new Error(`no answer in ${answerMsMax / 1000} s`))
    })
    const startMs = deps.clock.monotonic()
    try {
      const response = await deps.fetch(`${url}/api/v1/${path}`, {
        method,
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.any([deps.signal, late.signal]),
      })
      const json = jsonOf(await response.text())
      return { status: response.status, json, ms: deps.clock.monotonic() - startMs }
    } catch (cause) {
      deps.signal.throwIfAborted()
      throw new Error(`${region} does not answer ${method} ${path}: ${reasonOf(cause)}`, { cause })
    } finally {
      cancel()
    }
  }

  const parsed = <S extends z.ZodType>(request: Request, answer: Answer, as: S): z.infer<S> => {
    const asked = `${region} answers ${request.method} ${request.path}`
    const { status, json } = answer
    if (status < 200 || status > 299) {
      const { code, detail } = Problem.safeParse(json).data ?? {}
      throw new Error([`${asked} with ${status}`, code, detail].filter(Boolean).join(': '))
    }
    const result = as.safeParse(json)
    if (result.success) return result.data
    throw new Error(`${asked} with something else: ${z.prettifyError(result.error)}`)
  }

  return {
    url,
    ask,
    read: async (path, as, headers) => {
      const request = { method: 'GET', path, ...(headers && { headers }) } as const
      return parsed(request, await ask(request), as)
    },
    change: async (request, as) => {
      const answer = await ask(request)
      const value = parsed(request, answer, as)
      acknowledged(parsed(request, answer, Receipted).receipt.change)
      return { value, ms: answer.ms }
    },
  }
}

// fetch hides what happened in the cause.
const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}
