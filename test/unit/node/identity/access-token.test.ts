import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { importJWK, SignJWT, type JWTPayload } from 'jose'
import { describe, expect, it } from 'vitest'
import { createAccessTokens } from '../../../../node/identity/access-token.ts'
import type { AccountId } from '../../../../node/identity/account-id.ts'
import { accessTokenSeconds, clockLeewaySeconds } from '../../../../node/identity/limits.ts'
import { ownKeyOf, type OwnKey } from '../../../../node/identity/own-key.ts'
import type { SessionId } from '../../../../node/identity/refresh-token.ts'
import { createTestClock, createTestRandom } from './test-node.ts'

const account = 'a'.repeat(32) as AccountId
const session = 'b'.repeat(32) as SessionId
const ownKey = ownKeyOf(createTestRandom('own key')(32))
const strangersKey = ownKeyOf(createTestRandom('a stranger')(32))

const setUp = async () => {
  const clock = createTestClock()
  const looked: string[] = []
  const tokens = await createAccessTokens({
    ownKey,
    clock,
    findPublicKey: (kid) => {
      looked.push(kid)
      return kid === ownKey.kid ? ownKey.publicJwk.x : undefined
    },
  })
  const seconds = Math.floor(clock.now() / 1_000)
  const claims = {
    iss: 'atoll',
    aud: 'atoll-api',
    sub: account,
    sid: session,
    roles: ['admin'],
    iat: seconds,
    exp: seconds + accessTokenSeconds,
  }
  return { clock, tokens, looked, claims }
}

const honestHeader = { alg: 'EdDSA', typ: 'at+jwt', kid: ownKey.kid as string }

const forge = async (
  payload: JWTPayload,
  { header = {}, key = ownKey }: { header?: object; key?: OwnKey } = {},
) =>
  new SignJWT(payload)
    .setProtectedHeader({ ...honestHeader, ...header })
    .sign(await importJWK(key.privateJwk, 'EdDSA'), { crit: { 'x-admin': true } })

const encode = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url')

const codeOf = (checked: Awaited<ReturnType<typeof check>>) =>
  checked.ok ? 'good' : checked.refusal.code

type Tokens = Awaited<ReturnType<typeof setUp>>['tokens']
const check = async (tokens: Tokens, token: string) => tokens.check(token)

describe('an access token', () => {
  it('proves the account, the session and the roles it was issued for', async () => {
    const { tokens } = await setUp()
    const token = await tokens.issue({ account, session, roles: ['admin', 'support'] })
    expect(await check(tokens, token)).toEqual({
      ok: true,
      value: {
        accountId: account,
        sessionId: session,
        roles: new Set(['admin', 'support']),
      },
    })
  })

  it('is checked at once, without a promise, the second time', async () => {
    const { tokens } = await setUp()
    const token = await tokens.issue({ account, session, roles: [] })
    expect(tokens.check(token)).toBeInstanceOf(Promise)
    await check(tokens, token)
    expect(tokens.check(token)).toMatchObject({ ok: true })
  })

  // The control: what the forgeries below differ from in one point each.
  it('is good if it is as ours are', async () => {
    const { tokens, claims } = await setUp()
    expect(codeOf(await check(tokens, await forge(claims)))).toBe('good')
  })

  it.each<[string, Partial<JWTPayload>]>([
    ['of another issuer', { iss: 'another' }],
    ['for another audience', { aud: 'another-api' }],
    ['for nobody', { sub: 'admin' }],
    ['of no session', { sid: 'none' }],
    ['whose roles are no list', { roles: 'admin' }],
    ['that is not good yet', { nbf: 4_000_000_000 }],
  ])('%s is refused', async (_, claim) => {
    const { tokens, claims } = await setUp()
    expect(codeOf(await check(tokens, await forge({ ...claims, ...claim })))).toBe('unauthorized')
  })

  it.each(['iss', 'aud', 'sub', 'sid', 'roles', 'iat', 'exp'] as const)(
    'without %s is refused',
    async (name) => {
      const { tokens, claims } = await setUp()
      const { [name]: _, ...rest } = claims
      expect(codeOf(await check(tokens, await forge(rest)))).toBe('unauthorized')
    },
  )

  it.each<[string, object]>([
    ['of another type', { typ: 'JWT' }],
    ['of a key nobody announced', { kid: strangersKey.kid }],
    ['of a key with an impossible name', { kid: '../../etc/passwd' }],
    ['of no key', { kid: undefined }],
    ['with extensions we do not know', { crit: ['x-admin'], 'x-admin': true }],
  ])('%s is refused', async (_, header) => {
    const { tokens, claims } = await setUp()
    expect(codeOf(await check(tokens, await forge(claims, { header })))).toBe('unauthorized')
  })

  it('signed with another key under the name of ours is refused, whatever key it brings', async () => {
    const { tokens, claims } = await setUp()
    const header = { jwk: strangersKey.publicJwk, jku: 'https://evil.example/jwks.json' }
    const token = await forge(claims, { header, key: strangersKey })
    expect(codeOf(await check(tokens, token))).toBe('unauthorized')
  })

  it('without a signature is refused, however it spells "none"', async () => {
    const { tokens, claims } = await setUp()
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
      const token = `${encode({ ...honestHeader, alg })}.${encode(claims)}.`
      expect(codeOf(await check(tokens, token))).toBe('unauthorized')
    }
  })

  it('signed with our public key as if it were a shared secret is refused', async () => {
    const { tokens, claims } = await setUp()
    const { x } = ownKey.publicJwk
    for (const secret of [x, Buffer.from(x, 'base64url'), JSON.stringify(ownKey.publicJwk)]) {
      const signed = `${encode({ ...honestHeader, alg: 'HS256' })}.${encode(claims)}`
      const signature = createHmac('sha256', secret).update(signed).digest('base64url')
      expect(codeOf(await check(tokens, `${signed}.${signature}`))).toBe('unauthorized')
    }
  })

  it('is good to the last second of the leeway, checked before or not', async () => {
    const { tokens, clock, claims } = await setUp()
    const seen = await forge(claims)
    await check(tokens, seen)
    clock.advance((accessTokenSeconds + clockLeewaySeconds) * 1_000 - 1)
    expect(codeOf(await check(tokens, seen))).toBe('good')
    expect(codeOf(await check(tokens, await forge({ ...claims, jti: 'unseen' })))).toBe('good')
    clock.advance(1)
    expect(codeOf(await check(tokens, seen))).toBe('token_expired')
    expect(codeOf(await check(tokens, seen))).toBe('token_expired')
    expect(codeOf(await check(tokens, await forge({ ...claims, jti: 'unseen' })))).toBe(
      'token_expired',
    )
  })

  it('of a node whose clock is ahead is good within the leeway only', async () => {
    const { tokens, claims } = await setUp()
    const { iat, exp } = claims
    const ahead = (seconds: number) => forge({ ...claims, iat: iat + seconds, exp: exp + seconds })
    expect(codeOf(await check(tokens, await ahead(clockLeewaySeconds)))).toBe('good')
    expect(codeOf(await check(tokens, await ahead(clockLeewaySeconds + 1)))).toBe('unauthorized')
  })

  it('that gives itself a year ends after a quarter of an hour all the same', async () => {
    const { tokens, clock, claims } = await setUp()
    const token = await forge({ ...claims, exp: claims.exp + 365 * 24 * 60 * 60 })
    expect(codeOf(await check(tokens, token))).toBe('good')
    clock.advance((accessTokenSeconds + clockLeewaySeconds) * 1_000)
    expect(codeOf(await check(tokens, token))).toBe('token_expired')
  })

  it('that is damaged anywhere is refused, and never breaks the node', async () => {
    const { tokens } = await setUp()
    const token = await tokens.issue({ account, session, roles: ['admin'] })
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 2), fc.string({ maxLength: 3 }), async (at, patch) => {
        const damaged = `${token.slice(0, at)}${patch}${token.slice(at + 1)}`
        fc.pre(damaged !== token)
        expect(codeOf(await check(tokens, damaged))).toBe('unauthorized')
      }),
    )
  })

  it('is refused unread when it is longer than any of ours', async () => {
    const { tokens, looked, claims } = await setUp()
    const token = await forge({ ...claims, padding: 'x'.repeat(2_000) })
    expect(codeOf(await check(tokens, token))).toBe('unauthorized')
    expect(looked).toEqual([])
  })

  it('costs one look for its key, however many are checked', async () => {
    const { tokens, looked } = await setUp()
    for (const role of ['admin', 'support', 'vendor']) {
      await check(tokens, await tokens.issue({ account, session, roles: [role] }))
    }
    expect(looked).toEqual([ownKey.kid])
  })
})
