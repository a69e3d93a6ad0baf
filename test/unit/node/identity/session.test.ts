import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accountIdOf } from '../../../../node/identity/account-id.ts'
import { createAccount } from '../../../../node/identity/account.ts'
import { renewalGraceMs, sessionMsMax } from '../../../../node/identity/limits.ts'
import * as refreshToken from '../../../../node/identity/refresh-token.ts'
import type { RefreshToken } from '../../../../node/identity/refresh-token.ts'
import {
  isEnded,
  renewSession,
  revokeSession,
  session,
  signOut,
  startSession,
} from '../../../../node/identity/session.ts'
import {
  admin,
  createTestClock,
  createTestCore,
  exchange,
  keys,
  run,
  type TestCore,
} from './test-node.ts'

const owner = accountIdOf(keys, admin.email)
const passwordHash = `$argon2id$v=19$m=19456,t=2,p=1$${'b'.repeat(22)}$${'c'.repeat(43)}`

const renewalOf = (token: RefreshToken) => ({
  generation: token.generation,
  hash: refreshToken.hashOf(token),
})

/** Shows a token: the outcome, and the token that follows. */
const renew = (node: TestCore, token: RefreshToken) => {
  const next = refreshToken.successor(keys, token)
  const input = { id: token.sessionId, shown: renewalOf(token), next: renewalOf(next) }
  const answer = run(node, renewSession, input)
  return { outcome: 'refused' in answer ? answer.refused : answer.outcome, next }
}

/** A node with one account, signed in. */
const signedIn = (name = 'alice') => {
  const clock = createTestClock()
  const node = createTestCore(name, clock)
  run(node, createAccount, { id: owner, email: admin.email, passwordHash, roles: ['admin'] })
  const first: RefreshToken = {
    sessionId: refreshToken.sessionIdOf(node.random(16)),
    generation: 1,
    secret: node.random(32),
  }
  const start = {
    id: first.sessionId,
    account: owner,
    passwordHash,
    device: 'Firefox on Windows',
    renewal: renewalOf(first),
    crowdedOut: [],
  }
  run(node, startSession, start)
  return {
    node,
    clock,
    first,
    start,
    isOver: () => isEnded(node.core.read(session, first.sessionId)),
  }
}

describe('a session', () => {
  it('goes on as long as each token is used once', () => {
    const { node, clock, first, isOver } = signedIn()
    let token = first
    for (let n = 0; n < 100; n++) {
      clock.advance(15 * 60_000)
      const { outcome, next } = renew(node, token)
      expect(outcome).toBe('renewed')
      token = next
    }
    expect(isOver()).toBe(false)
  })

  it('does not begin with a password that was changed while it was checked', () => {
    const { node, start } = signedIn()
    const late = { ...start, id: refreshToken.sessionIdOf(node.random(16)), passwordHash: 'older' }
    expect(run(node, startSession, late)).toEqual({ refused: 'invalid_credentials' })
  })

  it('is over for both when a used token is shown after the grace', () => {
    const { node, clock, first, isOver } = signedIn()
    const { next } = renew(node, first)
    clock.advance(renewalGraceMs + 1)
    expect(renew(node, first).outcome).toBe('reused')
    expect(isOver()).toBe(true)
    expect(renew(node, next).outcome).toBe('session_revoked')
    expect(renew(node, first).outcome).toBe('session_revoked')
  })

  it('gives the same successor, and goes on, when a token is shown again within the grace', () => {
    const { node, clock, first, isOver } = signedIn()
    const { next } = renew(node, first)
    clock.advance(renewalGraceMs)
    const again = renew(node, first)
    expect(again.outcome).toBe('repeated')
    expect(again.next).toEqual(next)
    expect(isOver()).toBe(false)
    expect(renew(node, next).outcome).toBe('renewed')
  })

  it('is over when a token older than the last is shown, however soon', () => {
    const { node, first, isOver } = signedIn()
    const { next } = renew(node, first)
    renew(node, next)
    expect(renew(node, first).outcome).toBe('reused')
    expect(isOver()).toBe(true)
  })

  it('has at most one token that renews it, whatever is shown when', () => {
    const steps = fc.array(
      fc.record({
        waitMs: fc.constantFrom(0, 1, renewalGraceMs, renewalGraceMs + 1, 60_000),
        back: fc.nat(3),
      }),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(steps, (shows) => {
        const { node, clock, first, isOver } = signedIn()
        const chain = [first]
        let renewedMs = clock.now()
        for (const { waitMs, back } of shows) {
          clock.advance(waitMs)
          const at = Math.max(0, chain.length - 1 - back)
          // The specification, by the list of all tokens that were ever given out.
          const isGraceful = at === chain.length - 2 && clock.now() - renewedMs <= renewalGraceMs
          const expected = isOver()
            ? 'session_revoked'
            : at === chain.length - 1
              ? 'renewed'
              : isGraceful
                ? 'repeated'
                : 'reused'
          const { outcome, next } = renew(node, chain[at]!)
          expect(outcome).toBe(expected)
          expect(isOver()).toBe(expected === 'reused' || expected === 'session_revoked')
          if (expected !== 'renewed') continue
          chain.push(next)
          renewedMs = clock.now()
        }
      }),
      { numRuns: 50 },
    )
  })

  it('ends for good after thirty days, however often it was renewed', () => {
    const { node, clock, first } = signedIn()
    clock.advance(sessionMsMax - 1)
    const { outcome, next } = renew(node, first)
    expect(outcome).toBe('renewed')
    clock.advance(1)
    expect(renew(node, next).outcome).toBe('token_expired')
  })

  it('does not end by a token that this node has not heard of', () => {
    const { node, first, isOver } = signedIn()
    const unheard = refreshToken.successor(keys, refreshToken.successor(keys, first))
    expect(renew(node, unheard).outcome).toBe('unauthorized')
    expect(isOver()).toBe(false)
  })

  it('is renewed alike by two regions that cannot talk, and goes on when they meet', () => {
    const alice = signedIn()
    const bob = createTestCore('bob', alice.clock)
    exchange(alice.node, bob)
    const here = renew(alice.node, alice.first)
    alice.clock.advance(5)
    const there = renew(bob, alice.first)
    expect(there.outcome).toBe('renewed')
    expect(there.next).toEqual(here.next)
    exchange(alice.node, bob)
    expect(renew(bob, here.next).outcome).toBe('renewed')
  })

  it('has its grace counted from the first of two renewals for one token', () => {
    const alice = signedIn()
    const bob = createTestCore('bob', alice.clock)
    exchange(alice.node, bob)
    renew(alice.node, alice.first)
    alice.clock.advance(renewalGraceMs)
    renew(bob, alice.first)
    exchange(alice.node, bob)
    expect(renew(bob, alice.first).outcome).toBe('repeated')
    alice.clock.advance(1)
    expect(renew(bob, alice.first).outcome).toBe('reused')
  })

  it('that a thief renewed in a region cut off is over when the owner shows a token there', () => {
    const alice = signedIn()
    const bob = createTestCore('bob', alice.clock)
    exchange(alice.node, bob)
    let stolen = renew(bob, alice.first).next
    stolen = renew(bob, stolen).next
    // The owner wrote later, and is behind all the same.
    alice.clock.advance(1_000)
    const mine = renew(alice.node, alice.first).next
    alice.clock.advance(60_000)
    exchange(alice.node, bob)
    expect(renew(alice.node, mine).outcome).toBe('reused')
    exchange(alice.node, bob)
    expect(renew(bob, stolen).outcome).toBe('session_revoked')
  })

  it('that was ended in one region is over in the other, though renewed there meanwhile', () => {
    const alice = signedIn()
    const bob = createTestCore('bob', alice.clock)
    exchange(alice.node, bob)
    run(alice.node, signOut, { id: alice.first.sessionId })
    const { next } = renew(bob, alice.first)
    exchange(alice.node, bob)
    expect(renew(bob, next).outcome).toBe('session_revoked')
    expect(alice.node.log.digest()).toBe(bob.log.digest())
  })

  it('can be signed out of where it has not been heard of yet', () => {
    const alice = signedIn()
    const bob = createTestCore('bob', alice.clock)
    const { sessionId } = alice.first
    expect(run(bob, signOut, { id: sessionId })).toEqual({ session: sessionId })
    exchange(alice.node, bob)
    expect(alice.isOver()).toBe(true)
  })

  it('is not ended by another account, nor twice', () => {
    const { node, first, isOver } = signedIn()
    const id = first.sessionId
    const stranger = accountIdOf(keys, 'mallory@shop.example')
    const missing = { refused: 'session_not_found' }
    expect(run(node, revokeSession, { id, account: stranger })).toEqual(missing)
    expect(isOver()).toBe(false)
    expect(run(node, revokeSession, { id, account: owner })).toEqual({ session: id })
    expect(run(node, revokeSession, { id, account: owner })).toEqual(missing)
    expect(run(node, signOut, { id })).toEqual({ refused: 'session_revoked' })
  })
})
