/**
 * Access tokens: JSON Web Tokens that say who asks, signed by the node that issued them (EdDSA), and
 * checked by any node without asking another.
 *
 * One algorithm is accepted, whatever a token's header says, and one set of keys: those that nodes of
 * this cluster announced. A token that was checked is remembered by its hash until it expires, so that
 * a signature is checked once and not before every request.
 *
 * Source: RFC 7519; the header's type and the claims follow RFC 9068; what is checked, RFC 8725.
 */

import { hash } from 'node:crypto'
import { errors, importJWK, jwtVerify, SignJWT, type CryptoKey, type JWTPayload } from 'jose'
import { assert } from '../../crdt/assert.ts'
import type { Refusal } from '../errors.ts'
import type { Principal } from '../http/principal.ts'
import { ok, refused, type Result } from '../result.ts'
import { isAccountId, type AccountId } from './account-id.ts'
import {
  accessTokenLengthMax,
  accessTokenSeconds,
  clockLeewaySeconds,
  importedKeysMax,
  rememberedTokensMax,
} from './limits.ts'
import type { OwnKey } from './own-key.ts'
import { isSessionId, type SessionId } from './refresh-token.ts'
import { isKeyId, publicJwk, type KeyId } from './signing-key.ts'

export interface AccessTokens {
  issue(claims: AccessClaims): Promise<string>
  /**
   * Who the token proves to ask: at once if it was checked before. Whether the session goes on is not
   * its business.
   */
  check(token: string): Result<Principal, Refusal> | Promise<Result<Principal, Refusal>>
}

export interface AccessClaims {
  readonly account: AccountId
  readonly session: SessionId
  readonly roles: readonly string[]
}

export interface AccessTokensDeps {
  readonly ownKey: OwnKey
  /** The public part of a key that a node of this cluster announced. */
  readonly findPublicKey: (kid: KeyId) => string | undefined
  readonly clock: { now(): number }
}

const algorithm = 'EdDSA'
const issuer = 'atoll'
const audience = 'atoll-api'
const type = 'at+jwt'

export const createAccessTokens = async (deps: AccessTokensDeps): Promise<AccessTokens> => {
  const { ownKey, clock } = deps
  const privateKey = await importKey(ownKey.privateJwk)
  return {
    ...createTokenChecks(deps),
    issue: ({ account, session, roles }) => {
      const issuedAt = Math.floor(clock.now() / 1_000)
      return new SignJWT({ roles, sid: session })
        .setProtectedHeader({ alg: algorithm, typ: type, kid: ownKey.kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(account)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + accessTokenSeconds)
        .sign(privateKey)
    },
  }
}

/** Checks tokens without a key of its own. */
export const createTokenChecks = ({
  findPublicKey,
  clock,
}: Omit<AccessTokensDeps, 'ownKey'>): Pick<AccessTokens, 'check'> => {
  const importedKeys = createBoundedMap<KeyId, CryptoKey>(importedKeysMax)
  const remembered = createBoundedMap<string, Remembered>(rememberedTokensMax)

  const keyNamed = async (kid: string | undefined): Promise<CryptoKey> => {
    if (kid === undefined || !isKeyId(kid)) throw new errors.JWKSNoMatchingKey()
    const imported = importedKeys.get(kid)
    if (imported) return imported
    const x = findPublicKey(kid)
    if (x === undefined) throw new errors.JWKSNoMatchingKey()
    const key = await importKey(publicJwk(x))
    importedKeys.set(kid, key)
    return key
  }

  const verify = async (token: string, digest: string): Promise<Result<Principal, Refusal>> => {
    let payload: JWTPayload
    try {
      const verified = await jwtVerify(token, ({ kid }) => keyNamed(kid), {
        algorithms: [algorithm],
        typ: type,
        issuer,
        audience,
        requiredClaims: ['sub', 'exp'],
        maxTokenAge: accessTokenSeconds,
        clockTolerance: clockLeewaySeconds,
        currentDate: new Date(clock.now()),
      })
      payload = verified.payload
    } catch (error) {
      if (error instanceof errors.JWTExpired) return expired
      if (error instanceof errors.JOSEError) return unknown
      throw error
    }
    const principal = principalOf(payload)
    if (!principal) return unknown
    remembered.set(digest, { principal, goodUntilMs: goodUntilMs(payload) })
    return ok(principal)
  }

  return {
    check: (token) => {
      if (token.length > accessTokenLengthMax) return unknown
      // The token itself is a secret, and need not lie about in memory.
      const digest = hash('sha256', token, 'base64url')
      const known = remembered.get(digest)
      if (!known) return verify(token, digest)
      if (clock.now() < known.goodUntilMs) return ok(known.principal)
      remembered.delete(digest)
      return expired
    },
  }
}

interface Remembered {
  readonly principal: Principal
  readonly goodUntilMs: number
}

const expired = refused<Refusal>({
  code: 'token_expired',
  detail: 'The access token is older than a quarter of an hour',
})

// Nobody is told what is wrong with a token: who has an honest one need not know.
const unknown = refused<Refusal>({
  code: 'unauthorized',
  detail: 'The access token is none of this shop',
})

const importKey = async (jwk: OwnKey['publicJwk']): Promise<CryptoKey> => {
  const key = await importJWK(jwk, algorithm)
  assert(!(key instanceof Uint8Array), 'a key pair is no shared secret')
  return key
}

const principalOf = ({ sub, sid, roles }: JWTPayload): Principal | undefined => {
  if (sub === undefined || !isAccountId(sub)) return undefined
  if (typeof sid !== 'string' || !isSessionId(sid)) return undefined
  if (!Array.isArray(roles)) return undefined
  const names = roles.filter((role) => typeof role === 'string')
  return { accountId: sub, sessionId: sid, roles: new Set(names) }
}

const goodUntilMs = ({ iat, exp }: JWTPayload): number => {
  assert(iat !== undefined && exp !== undefined, 'a checked token has both times')
  return (Math.min(exp, iat + accessTokenSeconds) + clockLeewaySeconds) * 1_000
}

/** A map that forgets the entry set first when it is full. */
const createBoundedMap = <K, V>(sizeMax: number) => {
  const entries = new Map<K, V>()
  return {
    get: (key: K) => entries.get(key),
    delete: (key: K) => entries.delete(key),
    set: (key: K, value: V) => {
      const [oldest] = entries.size >= sizeMax ? entries.keys() : []
      if (oldest !== undefined) entries.delete(oldest)
      entries.set(key, value)
    },
  }
}
