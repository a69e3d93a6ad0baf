/** Signing in and renewing: the two ways to a pair of tokens. */

import type { Core, Outcome, Receipt } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import type { Refusal } from '../errors.ts'
import { ok, refused, type Result } from '../result.ts'
import type { AccessTokens } from './access-token.ts'
import { accountIdOf, type AccountId } from './account-id.ts'
import { account, passwordHashOf, rolesOf } from './account.ts'
import type { IdentityKeys } from './identity-keys.ts'
import * as limits from './limits.ts'
import type { Passwords } from './passwords.ts'
import * as refreshToken from './refresh-token.ts'
import type { RefreshToken } from './refresh-token.ts'
import { renewSession, startSession, type Renewal } from './session.ts'
import type { IdentityQueries } from './store.ts'
import { createThrottle } from './throttle.ts'

export interface SignIn {
  signIn(attempt: SignInAttempt): Promise<Result<Granted, Refusal>>
  /** Renews a session by its refresh token. */
  renew(token: string): Promise<Result<Granted, Refusal>>
}

export interface SignInAttempt {
  readonly email: string
  readonly password: string
  /** What the session's device is called. */
  readonly device: string
  /** Where the request came from. */
  readonly address: string
}

export interface Granted {
  readonly accessToken: string
  readonly refreshToken: string
  readonly receipt: Receipt
}

export interface SignInDeps {
  readonly core: Pick<Core, 'read'>
  readonly pipeline: Pick<Pipeline, 'submit'>
  readonly queries: Pick<IdentityQueries, 'crowdedOut'>
  readonly keys: IdentityKeys
  readonly passwords: Passwords
  readonly accessTokens: Pick<AccessTokens, 'issue'>
  readonly clock: { now(): number }
  readonly random: (bytes: number) => Uint8Array
}

export const createSignIn = (deps: SignInDeps): SignIn => {
  const { core, pipeline, queries, keys, passwords, accessTokens, clock, random } = deps
  const throttle = (rate: { burst: number; refillMs: number }) =>
    createThrottle({ clock, keysMax: limits.throttledKeysMax, ...rate })
  const attemptsByAddress = throttle(limits.addressAttempts)
  const attemptsByAccount = throttle(limits.accountAttempts)
  const renewalsBySession = throttle(limits.renewals)

  const grant = async (
    owner: AccountId,
    token: RefreshToken,
    { receipt }: Pick<Outcome, 'receipt'>,
  ): Promise<Result<Granted, Refusal>> => {
    const roles = rolesOf(core.read(account, owner))
    const claims = { account: owner, session: token.sessionId, roles }
    return ok({
      accessToken: await accessTokens.issue(claims),
      refreshToken: refreshToken.format(keys, token),
      receipt,
    })
  }

  /** The hash that the password is of, if it is the account's. */
  const matchingHash = async (owner: AccountId, password: string): Promise<string | undefined> => {
    const hash = passwordHashOf(core.read(account, owner))
    return (await passwords.matches(password, hash)) ? hash : undefined
  }

  const start = async (owner: AccountId, passwordHash: string, device: string) => {
    const token = {
      sessionId: refreshToken.sessionIdOf(random(refreshToken.sessionBytes)),
      generation: 1,
      secret: random(refreshToken.secretBytes),
    }
    const started = await pipeline.submit({
      decide: startSession,
      input: {
        id: token.sessionId,
        account: owner,
        passwordHash,
        device,
        renewal: renewalOf(token),
        crowdedOut: queries.crowdedOut(owner, {
          kept: limits.sessionsPerAccountMax - 1,
          limit: limits.endedAtOnceMax,
        }),
      },
      actor: `account/${owner}`,
    })
    return started.ok ? grant(owner, token, started.value) : started
  }

  return {
    signIn: async ({ email, password, device, address }) => {
      const owner = accountIdOf(keys, email)
      // An attempt counts before it is known to be wrong, or a thousand at once would all be tried.
      const waitMs = attemptsByAddress.take(address) || attemptsByAccount.take(owner)
      if (waitMs > 0) return tooMany(waitMs)
      const passwordHash = await matchingHash(owner, password)
      if (passwordHash === undefined) return wrong
      attemptsByAddress.giveBack(address)
      attemptsByAccount.giveBack(owner)
      return start(owner, passwordHash, device)
    },

    renew: async (text) => {
      const token = refreshToken.parse(keys, text)
      if (!token) return noToken
      const waitMs = renewalsBySession.take(token.sessionId)
      if (waitMs > 0) return tooMany(waitMs)
      const next = refreshToken.successor(keys, token)
      const renewed = await pipeline.submit({
        decide: renewSession,
        input: { id: token.sessionId, shown: renewalOf(token), next: renewalOf(next) },
        actor: `session/${token.sessionId}`,
      })
      if (!renewed.ok) return renewed
      const { answer } = renewed.value
      return answer.outcome === 'reused' ? reused : grant(answer.account, next, renewed.value)
    },
  }
}

const renewalOf = (token: RefreshToken): Renewal => ({
  generation: token.generation,
  hash: refreshToken.hashOf(token),
})

const tooMany = (waitMs: number) => {
  const retryAfterSeconds = Math.ceil(waitMs / 1_000)
  return refused<Refusal>({
    code: 'too_many_requests',
    detail: `Try again in ${retryAfterSeconds} s`,
    retryAfterSeconds,
  })
}

// The same words whether the address or the password is wrong: see passwords.ts.
const wrong = refused<Refusal>({
  code: 'invalid_credentials',
  detail: 'There is no account of this address with this password',
})

const noToken = refused<Refusal>({
  code: 'unauthorized',
  detail: 'The refresh token is none of this shop',
})

const reused = refused<Refusal>({
  code: 'session_revoked',
  detail: 'The refresh token had been used before, so the session was ended: sign in again',
})
