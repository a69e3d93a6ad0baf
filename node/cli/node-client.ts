/** A node's HTTP API as an operator's command calls it: signed in, and patient while the node is away. */

import { z } from 'zod'
import { ok, refused, type Result } from '../result.ts'
import { jsonOf } from './json.ts'
import {
  patientFetch,
  troubleText,
  type Answer,
  type CallFailure,
  type ClientDeps,
  type NodeAddress,
  type NodeRequest,
} from './patient-fetch.ts'

export type Credentials =
  { readonly token: string } | { readonly email: string; readonly password: string }

export interface ClientOptions extends NodeAddress {
  /** Reading the catalog needs none. */
  readonly credentials?: Credentials
}

export interface NodeClient {
  call(request: NodeRequest): Promise<Result<string, CallFailure>>
}

export const createNodeClient = (deps: ClientDeps, options: ClientOptions): NodeClient => {
  const { credentials } = options
  // Renewals share one login, because all outstanding requests learn at once that a token is old.
  let token: string | undefined =
    credentials && 'token' in credentials ? credentials.token : undefined
  let login: Promise<Result<string, CallFailure>> | undefined

  const renewedToken = (stale: string | undefined): Promise<Result<string, CallFailure>> => {
    if (token !== undefined && token !== stale) return Promise.resolve(ok(token))
    if (credentials === undefined || 'token' in credentials) {
      return Promise.resolve(refused(unauthorized('the node does not take this token')))
    }
    login ??= signIn(deps, options, credentials).then((result) => {
      login = undefined
      if (result.ok) token = result.value
      return result
    })
    return login
  }

  return {
    call: async (request) => {
      let used = token
      if (used === undefined && credentials !== undefined) {
        const signedIn = await renewedToken(undefined)
        if (!signedIn.ok) return signedIn
        used = signedIn.value
      }
      let answer = await patientFetch(deps, options, { request, token: used })
      if (answer.ok && answer.value.status === 401 && credentials !== undefined) {
        const renewed = await renewedToken(used)
        if (!renewed.ok) return renewed
        answer = await patientFetch(deps, options, { request, token: renewed.value })
      }
      return answer.ok ? textOf(answer.value) : answer
    },
  }
}

const loginAnswer = z.object({ accessToken: z.string().min(1) })

const signIn = async (
  deps: ClientDeps,
  options: ClientOptions,
  credentials: { readonly email: string; readonly password: string },
): Promise<Result<string, CallFailure>> => {
  const request: NodeRequest = {
    method: 'POST',
    path: 'api/v1/auth/login',
    body: JSON.stringify({ email: credentials.email, password: credentials.password }),
    contentType: 'application/json',
  }
  const answer = await patientFetch(deps, options, { request })
  if (!answer.ok) return answer
  const text = textOf(answer.value)
  if (!text.ok) return text
  const parsed = loginAnswer.safeParse(jsonOf(text.value))
  return parsed.success
    ? ok(parsed.data.accessToken)
    : refused({
        kind: 'unexpected_answer',
        detail: 'the node’s login answers without an access token',
      })
}

const textOf = (answer: Answer): Result<string, CallFailure> => {
  const { status, text } = answer
  if (status >= 200 && status < 300) return ok(text)
  if (status === 401 || status === 403) return refused(unauthorized(troubleText(answer)))
  return refused({ kind: 'unexpected_answer', detail: troubleText(answer) })
}

const unauthorized = (detail: string): CallFailure => ({ kind: 'unauthorized', detail })
