/**
 * The guard stands before routes: it lets a request pass if its token proves who asks, their session
 * goes on, and their roles carry what the route asks for.
 *
 * A token that was checked before passes without a promise in between: this runs before every request
 * of an import.
 */

import type { Context, MiddlewareHandler, Next } from 'hono'
import type { Refusal } from '../errors.ts'
import type { Principal } from '../http/principal.ts'
import type { NodeEnv } from '../http/router.ts'
import { ok, refused, type Result } from '../result.ts'
import type { AccessTokens } from './access-token.ts'
import { challenge } from './challenge.ts'
import { isAllowed, type Permission } from './permissions.ts'

export interface Guard {
  /** Lets accounts pass whose roles carry the permission. */
  require(permission: Permission): MiddlewareHandler<NodeEnv>
  /** Lets every account pass. */
  readonly signedIn: MiddlewareHandler<NodeEnv>
  /** Who an `Authorization` header proves to ask; for routes that others may use too. */
  authenticate(authorization: string | undefined): Checked | Promise<Checked>
}

export type Checked = Result<Principal, Refusal>

export interface GuardDeps {
  readonly accessTokens: Pick<AccessTokens, 'check'>
  /** Whether the session was ended, as far as this node has heard. */
  readonly isEnded: (sessionId: string) => boolean
}

export const createGuard = ({ accessTokens, isEnded }: GuardDeps): Guard => {
  // Asked each time: the token may be remembered from before its session was ended.
  const withSession = (checked: Checked): Checked =>
    checked.ok && isEnded(checked.value.sessionId) ? ended : checked

  const authenticate: Guard['authenticate'] = (authorization) => {
    const token = bearerToken(authorization)
    if (token === undefined) return anonymous
    const checked = accessTokens.check(token)
    return checked instanceof Promise ? checked.then(withSession) : withSession(checked)
  }

  const letPass = (permission: Permission | undefined): MiddlewareHandler<NodeEnv> => {
    const decide = (
      c: Context<NodeEnv>,
      next: Next,
      checked: Checked,
    ): Promise<Response | void> => {
      const allowed = checked.ok ? permitted(checked.value, permission) : checked
      if (!allowed.ok) return Promise.resolve(challenge(c, allowed.refusal))
      c.set('principal', allowed.value)
      return next()
    }
    return (c, next) => {
      const checked = authenticate(c.req.header('authorization'))
      return checked instanceof Promise
        ? checked.then((settled) => decide(c, next, settled))
        : decide(c, next, checked)
    }
  }

  return { require: letPass, signedIn: letPass(undefined), authenticate }
}

const permitted = (principal: Principal, permission: Permission | undefined): Checked =>
  permission === undefined || isAllowed(principal.roles, permission)
    ? ok(principal)
    : refused({ code: 'forbidden', detail: `This takes the permission ${permission}` })

// The scheme's name may be written in any case, and more than one space may follow (RFC 9110, 11.4).
const bearerToken = (authorization: string | undefined): string | undefined =>
  /^bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1]

const anonymous = refused<Refusal>({
  code: 'unauthorized',
  detail: 'The request has no access token',
})

const ended = refused<Refusal>({
  code: 'session_revoked',
  detail: 'The session of this token has been ended',
})
