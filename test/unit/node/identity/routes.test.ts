import { describe, expect, it } from 'vitest'
import {
  accessTokenSeconds,
  accountAttempts,
  addressAttempts,
  clockLeewaySeconds,
  renewalGraceMs,
  sessionsPerAccountMax,
} from '../../../../node/identity/limits.ts'
import { createPasswords, type Passwords } from '../../../../node/identity/passwords.ts'
import { admin, createTestClock, createTestNode, exchange, type TestNode } from './test-node.ts'

const wrong = { email: admin.email, password: 'wrong' }

// For tests that sign in dozens of times: what a hash is, is tested elsewhere.
const instantPasswords = (): Passwords => {
  const hashOf = (password: string) =>
    `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${password.length.toString().padStart(43, '0')}`
  return {
    hash: (password) => Promise.resolve(hashOf(password)),
    matches: (password, hash) => Promise.resolve(hash === hashOf(password)),
    close: () => {},
  }
}

const createInstantNode = (name = 'alice', clock = createTestClock()) =>
  createTestNode(name, { clock, passwords: instantPasswords() })

describe('POST /auth/login', () => {
  it('answers with tokens that open what the account may do', async () => {
    const alice = await createTestNode('alice', { passwords: createPasswords() })
    const { status, body, headers } = await alice.logIn()
    expect(status).toBe(200)
    expect(body).toEqual({
      accessToken: expect.any(String),
      refreshToken: expect.any(String),
      expiresIn: accessTokenSeconds,
      tokenType: 'Bearer',
      receipt: {
        change: expect.stringMatching(/^[0-9a-f]{16}:\d+$/),
        hlc: expect.any(String),
        durability: 'local',
      },
    })
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await alice.request('GET', '/write', { token: body.accessToken })).status).toBe(200)
    expect((await alice.logIn({ ...admin, email: ' Admin@SHOP.example ' })).status).toBe(200)
  })

  it('answers a wrong password and an unknown address alike, after the same work', async () => {
    const alice = await createTestNode('alice')
    const guess = await alice.logIn(wrong)
    const stranger = await alice.logIn({ email: 'nobody@shop.example', password: 'wrong' })
    const { requestId: _one, ...first } = guess.body
    const { requestId: _other, ...second } = stranger.body
    expect(guess.status).toBe(401)
    expect(guess.body.code).toBe('invalid_credentials')
    expect(guess.headers.get('www-authenticate')).toBe('Bearer realm="atoll"')
    expect(second).toEqual(first)
    // Both were checked: the one against its hash, the other against nobody's.
    expect(alice.checks).toEqual([expect.stringContaining('$argon2id$'), undefined])
  })

  it.each([
    {},
    { email: admin.email },
    { email: 'no address', password: 'x' },
    { email: admin.email, password: '' },
    { email: admin.email, password: 'x'.repeat(257) },
    { email: admin.email, password: '\ud800' },
    { email: admin.email, password: ['x'] },
    { ...admin, admin: true },
    { email: `${'x'.repeat(250)}@shop.example`, password: 'x' },
  ])('refuses the body %j before any work', async (body) => {
    const alice = await createInstantNode()
    const { status, body: answer } = await alice.logIn(body)
    expect(status).toBe(400)
    expect(answer.code).toBe('invalid_request')
    expect(alice.checks).toEqual([])
  })

  it('makes guesses at one account wait, wherever they come from, and says how long', async () => {
    const alice = await createInstantNode()
    for (let n = 0; n < accountAttempts.burst; n++) {
      alice.comeFrom(`192.0.2.${n}`)
      expect((await alice.logIn(wrong)).body.code).toBe('invalid_credentials')
    }
    alice.comeFrom('192.0.2.250')
    const { status, body, headers } = await alice.logIn()
    expect(status).toBe(429)
    expect(body.code).toBe('too_many_requests')
    expect(headers.get('retry-after')).toBe(String(accountAttempts.refillMs / 1_000))
    expect(alice.checks).toHaveLength(accountAttempts.burst)
    alice.clock.advance(accountAttempts.refillMs)
    expect((await alice.logIn()).status).toBe(200)
  })

  it('makes guesses from one address wait, whatever the account', async () => {
    const alice = await createInstantNode()
    const guess = (n: number) => alice.logIn({ email: `user${n}@shop.example`, password: 'guess' })
    for (let n = 0; n < addressAttempts.burst; n++) expect((await guess(n)).status).toBe(401)
    expect((await guess(1_000)).status).toBe(429)
    alice.comeFrom('198.51.100.1')
    expect((await guess(1_000)).status).toBe(401)
  })

  it('counts attempts at once that are not answered yet', async () => {
    const alice = await createTestNode('alice')
    const answers = await Promise.all(
      Array.from({ length: accountAttempts.burst + 5 }, () => alice.logIn(wrong)),
    )
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(5)
  })

  it('does not count those that succeed', async () => {
    const alice = await createInstantNode()
    for (let n = 0; n < accountAttempts.burst + 5; n++) {
      expect((await alice.logIn()).status).toBe(200)
    }
  })

  it('signs the device out that was not used longest when there are too many', async () => {
    const alice = await createInstantNode()
    const first = await alice.logIn()
    for (let n = 1; n < sessionsPerAccountMax; n++) {
      alice.clock.advance(1_000)
      await alice.logIn()
    }
    expect(
      (await alice.request('GET', '/auth/profile', { token: first.body.accessToken })).status,
    ).toBe(200)
    alice.clock.advance(1_000)
    await alice.logIn()
    const { body } = await alice.request('GET', '/auth/profile', { token: first.body.accessToken })
    expect(body.code).toBe('session_revoked')
  })
})

describe('POST /auth/refresh', () => {
  it('answers with the next tokens', async () => {
    const alice = await createInstantNode()
    const { body: first } = await alice.logIn()
    alice.clock.advance((accessTokenSeconds + clockLeewaySeconds) * 1_000)
    const stale = await alice.request('GET', '/auth/profile', { token: first.accessToken })
    expect(stale.body.code).toBe('token_expired')
    expect(stale.headers.get('www-authenticate')).toContain('error="invalid_token"')
    const { status, body } = await alice.refresh(first.refreshToken)
    expect(status).toBe(200)
    expect(body.refreshToken).not.toBe(first.refreshToken)
    expect((await alice.request('GET', '/auth/profile', { token: body.accessToken })).status).toBe(
      200,
    )
  })

  it('gives two tabs that ask at once the same successor', async () => {
    const alice = await createInstantNode()
    const { body: first } = await alice.logIn()
    const tabs = await Promise.all(
      Array.from({ length: 5 }, () => alice.refresh(first.refreshToken)),
    )
    expect(tabs.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(new Set(tabs.map(({ body }) => body.refreshToken)).size).toBe(1)
  })

  it('ends the session, access token and all, when a used token comes back later', async () => {
    const alice = await createInstantNode()
    const { body: first } = await alice.logIn()
    const { body: second } = await alice.refresh(first.refreshToken)
    alice.clock.advance(renewalGraceMs + 1)
    const { status, body } = await alice.refresh(first.refreshToken)
    expect(status).toBe(401)
    expect(body.code).toBe('session_revoked')
    expect((await alice.refresh(second.refreshToken)).body.code).toBe('session_revoked')
    const refused = await alice.request('GET', '/auth/profile', { token: second.accessToken })
    expect(refused.body.code).toBe('session_revoked')
  })

  it('refuses what is no token of ours, and one that renews in a loop', async () => {
    const alice = await createInstantNode()
    expect((await alice.refresh('guess')).body.code).toBe('unauthorized')
    let { body } = await alice.logIn()
    let status = 200
    for (let n = 0; n < 25 && status === 200; n++) {
      const answer = await alice.refresh(body.refreshToken)
      body = answer.body
      status = answer.status
    }
    expect(status).toBe(429)
  })
})

describe('POST /auth/logout', () => {
  it('ends the session that asks and no other', async () => {
    const alice = await createInstantNode()
    const { body: phone } = await alice.logIn()
    const { body: desk } = await alice.logIn()
    const { status, body } = await alice.request('POST', '/auth/logout', {
      token: phone.accessToken,
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ receipt: { durability: 'local' } })
    const gone = await alice.request('GET', '/auth/profile', { token: phone.accessToken })
    expect(gone.body.code).toBe('session_revoked')
    expect((await alice.refresh(phone.refreshToken)).body.code).toBe('session_revoked')
    const still = await alice.request('GET', '/auth/profile', { token: desk.accessToken })
    expect(still.status).toBe(200)
  })

  it('reaches other regions when they meet', async () => {
    const clock = createTestClock()
    const alice = await createInstantNode('alice', clock)
    const bob = await createTestNode('bob', {
      clock,
      passwords: instantPasswords(),
      hasAdmin: false,
    })
    const { body } = await alice.logIn()
    const askBob = () => bob.request('GET', '/write', { token: body.accessToken })
    // Who alice's node is, bob's learns with the first exchange.
    expect((await askBob()).body.code).toBe('unauthorized')
    exchange(alice, bob)
    expect((await askBob()).status).toBe(200)
    await alice.request('POST', '/auth/logout', { token: body.accessToken })
    expect((await askBob()).status).toBe(200)
    exchange(alice, bob)
    expect((await askBob()).body.code).toBe('session_revoked')
  })
})

describe('GET and PATCH /auth/profile', () => {
  const logInAt = async (node: TestNode) => (await node.logIn()).body.accessToken

  it('shows the account and changes what is given', async () => {
    const alice = await createInstantNode()
    const token = await logInAt(alice)
    const patch = { firstName: 'Zoë', phone: '+1 555 0100' }
    const changed = await alice.request('PATCH', '/auth/profile', { token, body: patch })
    expect(changed.status).toBe(200)
    expect(changed.body).toMatchObject({ ...patch, lastName: null, receipt: {} })
    await alice.request('PATCH', '/auth/profile', { token, body: { phone: null, lastName: 'Ng' } })
    const { body } = await alice.request('GET', '/auth/profile', { token })
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      email: admin.email,
      firstName: 'Zoë',
      lastName: 'Ng',
      phone: null,
      roles: ['admin'],
      permissions: expect.arrayContaining(['catalog:write', 'replication:drill']),
      createdAt: '2026-06-01T12:00:00.000Z',
    })
  })

  it('keeps both edits of two regions that cannot talk', async () => {
    const clock = createTestClock()
    const alice = await createInstantNode('alice', clock)
    const bob = await createInstantNode('bob', clock)
    const [here, there] = [await logInAt(alice), await logInAt(bob)]
    await alice.request('PATCH', '/auth/profile', { token: here, body: { firstName: 'Zoë' } })
    await bob.request('PATCH', '/auth/profile', { token: there, body: { lastName: 'Ng' } })
    exchange(alice, bob)
    const { body } = await alice.request('GET', '/auth/profile', { token: here })
    expect(body).toMatchObject({ firstName: 'Zoë', lastName: 'Ng', roles: ['admin'] })
  })

  it('counts an edit sent twice with one key once', async () => {
    const alice = await createInstantNode()
    const token = await logInAt(alice)
    const send = (firstName: string) =>
      alice.request('PATCH', '/auth/profile', {
        token,
        body: { firstName },
        headers: { 'idempotency-key': 'edit-1' },
      })
    const [one, again] = [await send('Zoë'), await send('Zoë')]
    expect(again.body['receipt']).toEqual(one.body['receipt'])
    expect((await send('Ada')).body.code).toBe('idempotency_key_reused')
  })

  it.each([
    {},
    { firstName: '' },
    { firstName: 'x'.repeat(121) },
    { roles: ['admin'] },
    { email: 'other@shop.example' },
    { phone: 'two\nlines' },
  ])('refuses the edit %j', async (body) => {
    const alice = await createInstantNode()
    const answer = await alice.request('PATCH', '/auth/profile', {
      token: await logInAt(alice),
      body,
    })
    expect(answer.status).toBe(400)
  })

  it('says so when the account has not come here yet', async () => {
    const clock = createTestClock()
    const alice = await createInstantNode('alice', clock)
    const bob = await createTestNode('bob', { clock, hasAdmin: false })
    // Bob's node hears of the key alone: the first of alice's changes.
    const [announced] = alice.log.read(0, 1).entries
    bob.core.receive([announced!.bytes])
    const token = await logInAt(alice)
    const shown = await bob.request('GET', '/auth/profile', { token })
    expect([shown.status, shown.body.code]).toEqual([404, 'account_not_found'])
    const edited = await bob.request('PATCH', '/auth/profile', { token, body: { phone: '1' } })
    expect(edited.body.code).toBe('account_not_found')
  })
})

describe('GET /auth/sessions and DELETE /auth/sessions/:id', () => {
  it('lists the sessions page by page, the latest first, and marks the one that asks', async () => {
    const alice = await createInstantNode()
    const made: string[] = []
    let token = ''
    for (let n = 0; n < 5; n++) {
      alice.clock.advance(n % 2)
      const { body } = await alice.logIn()
      token = body.accessToken
      const { body: listed } = await alice.request('GET', '/auth/sessions?limit=100', { token })
      made.unshift(listed.items.find(({ isCurrent }) => isCurrent)!.id)
    }
    const seen: string[] = []
    let path: string | undefined = '/auth/sessions?limit=2'
    while (path !== undefined) {
      const { body } = await alice.request('GET', path, { token })
      expect(body.items.length).toBeLessThanOrEqual(2)
      seen.push(...body.items.map(({ id }) => id))
      path = body.next && `/auth/sessions?limit=2&cursor=${body.next}`
    }
    expect(seen.toSorted()).toEqual(made.toSorted())
    expect(new Set(seen).size).toBe(5)
    const { body } = await alice.request('GET', '/auth/sessions?limit=1', { token })
    expect(body.items[0]).toMatchObject({
      device: 'Firefox on Windows',
      createdAt: new Date(alice.clock.now()).toISOString(),
      lastUsedAt: new Date(alice.clock.now()).toISOString(),
      expiresAt: new Date(alice.clock.now() + 30 * 24 * 60 * 60_000).toISOString(),
    })
  })

  it('shows when a session was last used, and none that is too old', async () => {
    const alice = await createInstantNode()
    const { body: phone } = await alice.logIn()
    alice.clock.advance(24 * 60 * 60_000)
    const { body: renewed } = await alice.refresh(phone.refreshToken)
    const list = async (token: string) =>
      (await alice.request('GET', '/auth/sessions', { token })).body.items
    expect(await list(renewed.accessToken)).toMatchObject([
      {
        createdAt: '2026-06-01T12:00:00.000Z',
        lastUsedAt: '2026-06-02T12:00:00.000Z',
      },
    ])
    alice.clock.advance(29 * 24 * 60 * 60_000)
    const { body: desk } = await alice.logIn()
    expect(await list(desk.accessToken)).toHaveLength(1)
  })

  it('ends a session of the account', async () => {
    const alice = await createInstantNode()
    const { body: phone } = await alice.logIn()
    alice.clock.advance(1)
    const { body: desk } = await alice.logIn()
    const token = desk.accessToken
    const { body: listed } = await alice.request('GET', '/auth/sessions', { token })
    const path = `/auth/sessions/${listed.items[1]!.id}`
    expect((await alice.request('DELETE', path, { token })).status).toBe(200)
    expect((await alice.refresh(phone.refreshToken)).body.code).toBe('session_revoked')
    expect((await alice.request('DELETE', path, { token })).body.code).toBe('session_not_found')
    const { body: left } = await alice.request('GET', '/auth/sessions', { token })
    expect(left.items).toHaveLength(1)
  })

  it('refuses an id that is none and a cursor that is none', async () => {
    const alice = await createInstantNode()
    const token = (await alice.logIn()).body.accessToken
    const missing = await alice.request('DELETE', '/auth/sessions/mine', { token })
    expect([missing.status, missing.body.code]).toEqual([404, 'session_not_found'])
    const lost = await alice.request('GET', '/auth/sessions?cursor=lost', { token })
    expect([lost.status, lost.body.code]).toEqual([400, 'invalid_cursor'])
  })
})

describe('the log', () => {
  it('holds no password and no token', async () => {
    const alice = await createInstantNode()
    const { body: first } = await alice.logIn()
    const { body: second } = await alice.refresh(first.refreshToken)
    const log = Buffer.concat(alice.log.read(0, Infinity).entries.map(({ bytes }) => bytes))
    const rawOf = (token: string) => Buffer.from(token.slice('atoll_rt_'.length), 'base64url')
    // The session's id stands before the secret, and is none.
    const secretOf = (token: string) => rawOf(token).subarray(20, 52)
    for (const secret of [
      Buffer.from(admin.password),
      ...[first, second].flatMap(({ accessToken, refreshToken }) => [
        Buffer.from(accessToken),
        Buffer.from(refreshToken),
        secretOf(refreshToken),
        Buffer.from(secretOf(refreshToken).toString('hex')),
      ]),
    ]) {
      expect(log.includes(secret)).toBe(false)
    }
    expect(log.includes(Buffer.from(admin.email))).toBe(true)
  })
})
