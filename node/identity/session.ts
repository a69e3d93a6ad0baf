/**
 * A session: one device signed in to one account, from sign-in until it is ended or thirty days old.
 *
 *     sign in ──▶ token 1 ──renew──▶ token 2 ──renew──▶ token 3 …
 *                    │                  │
 *                    │ again, within    │ again, later: two hold it, one of them a thief;
 *                    ▼ ten seconds      ▼ nobody can tell which
 *                 token 2            session ended
 *
 * What if two regions renew a session while they are cut off from each other? Tokens follow from each
 * other, so both went along one chain, and the higher generation is the later. When they meet, who
 * stayed behind shows a used token, and the session ends. An ended session never comes back: its
 * endings are a log that only grows.
 */

import { edit, schema, type Document } from '../../crdt/document.ts'
import * as eventLog from '../../crdt/event-log.ts'
import type { Timestamp } from '../../crdt/hybrid-logical-clock.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { Value } from '../../crdt/value.ts'
import {
  documentKind,
  draftDelta,
  type Decide,
  type DraftDelta,
  type World,
} from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import { isFields, isNatural, isNull, isText } from '../guards.ts'
import { ok, refused } from '../result.ts'
import { isAccountId, type AccountId } from './account-id.ts'
import { account, passwordHashOf } from './account.ts'
import { renewalGraceMs, sessionMsMax } from './limits.ts'
import type { SessionId } from './refresh-token.ts'
import { sessionTable } from './tables.ts'

/** How far along its chain of refresh tokens a session is. */
export type Renewal = {
  readonly generation: number
  /** SHA-256 of the current token's secret, in hexadecimal. */
  readonly hash: string
}

/** Why a session ended: its device signed out, its owner ended it, a token was used twice, or others came. */
export type Ending = 'signed_out' | 'revoked' | 'token_reused' | 'too_many'

const isRenewal = (value: Value): value is Renewal => {
  if (!isFields(value)) return false
  const { generation = null, hash = null } = value
  return isNatural(generation) && isText(hash)
}

const isAccount = (value: Value): value is AccountId => isText(value) && isAccountId(value)

export const session = schema('session', 1, {
  account: [1, lwwRegister.shape(isAccount)],
  device: [2, lwwRegister.shape(isText)],
  renewal: [3, lwwRegister.shape(isRenewal)],
  /** Its endings, each an `Ending`, or one that only a later release knows. */
  ended: [4, eventLog.shape(isText)],
  created: [5, eventLog.shape(isNull)],
})

export type Session = Document<typeof session.fields>

export const isEnded = ({ store }: Session): boolean => store.ended.size > 0

export const sessionKind = documentKind({
  schema: session,
  tables: [sessionTable],
  project: (id, document) => {
    const owner = accountOf(document)
    const renewed = latestRenewal(document)
    if (isEnded(document) || owner === undefined || renewed === undefined) return {}
    return {
      sessions: [
        {
          id,
          account: owner,
          device: lwwRegister.read({ store: document.store.device }) ?? '',
          created_ms: createdMs(document),
          last_used_ms: renewed.atMs,
        },
      ],
    }
  },
})

const accountOf = ({ store }: Session): AccountId | undefined =>
  lwwRegister.read({ store: store.account })

const createdMs = ({ store }: Session): number =>
  eventLog.entries({ store: store.created })[0]?.value.wallMs ?? 0

// Of concurrent renewals the one furthest along counts, and of equal ones, made by two regions for
// one token, the earlier: asking twice does not lengthen the grace.
const latestRenewal = ({ store }: Session): (Renewal & { readonly atMs: number }) | undefined =>
  lwwRegister
    .siblings({ store: store.renewal })
    .map(({ value }) => ({ ...value.value, atMs: value.wallMs }))
    .sort((a, b) => b.generation - a.generation || a.atMs - b.atMs)[0]

export interface SessionStart {
  readonly id: SessionId
  readonly account: AccountId
  /** The hash that the password was checked against. */
  readonly passwordHash: string
  readonly device: string
  readonly renewal: Renewal
  /** Sessions of the account that have to make room. */
  readonly crowdedOut: readonly SessionId[]
}

export const startSession: Decide<SessionStart, { readonly session: SessionId }> = (
  world,
  { id, account: owner, passwordHash, device, renewal, crowdedOut },
) => {
  // Checking a password takes a while, in which it may have been changed.
  if (passwordHashOf(world.read(account, owner)) !== passwordHash) {
    return refused({ code: 'invalid_credentials', detail: 'The password has just been changed' })
  }
  const { time } = world
  const delta = edit(session, session.bottom, {
    account: (register) => lwwRegister.write(register, time, owner),
    device: (register) => lwwRegister.write(register, time, device),
    renewal: (register) => lwwRegister.write(register, time, renewal),
    created: (log) => eventLog.append(log, time, null),
  })
  return ok({
    type: 'session.started',
    details: { account: owner, device },
    deltas: [
      draftDelta(session, id, delta),
      ...crowdedOut.map((other) => ending(world, other, 'too_many')),
    ],
    answer: { session: id },
  })
}

export interface Renew {
  readonly id: SessionId
  /** The token that is shown. */
  readonly shown: Renewal
  /** The token that follows it. */
  readonly next: Renewal
}

/** `repeated`: renewed before, a moment ago; `reused`: renewed before, and so ended now. */
export type Renewed = {
  readonly outcome: 'renewed' | 'repeated' | 'reused'
  readonly account: AccountId
}

export const renewSession: Decide<Renew, Renewed> = (world, { id, shown, next }) => {
  const document = world.read(session, id)
  const owner = accountOf(document)
  const current = latestRenewal(document)
  const refusal = renewalRefusal(document, world.time)
  if (refusal) return refused(refusal)
  if (owner === undefined || current === undefined || shown.generation > current.generation) {
    return refused({
      code: 'unauthorized',
      detail: 'This node has not heard of the token yet: sign in here, or ask the node it is from',
    })
  }
  if (isSame(shown, current)) {
    const delta = edit(session, document, {
      renewal: (register) => lwwRegister.write(register, world.time, next),
    })
    return ok({
      type: 'session.renewed',
      deltas: [draftDelta(session, id, delta)],
      answer: { outcome: 'renewed', account: owner },
    })
  }
  if (isSame(next, current) && world.time.wallMs - current.atMs <= renewalGraceMs) {
    return ok({
      type: 'session.renewal_repeated',
      deltas: [],
      answer: { outcome: 'repeated', account: owner },
    })
  }
  return ok({
    type: 'session.ended',
    details: { reason: 'token_reused' },
    deltas: [ending(world, id, 'token_reused')],
    answer: { outcome: 'reused', account: owner },
  })
}

const renewalRefusal = (document: Session, { wallMs }: Timestamp): Refusal | undefined => {
  if (isEnded(document)) return { code: 'session_revoked', detail: 'The session has been ended' }
  return document.store.created.size > 0 && wallMs - createdMs(document) >= sessionMsMax
    ? { code: 'token_expired', detail: 'The session is thirty days old: sign in again' }
    : undefined
}

const isSame = (a: Renewal, b: Renewal): boolean =>
  a.generation === b.generation && a.hash === b.hash

export type SessionAnswer = { readonly session: SessionId }

/** Ends the session that asks; this node need not have heard of it, if its token proves it. */
export const signOut: Decide<{ readonly id: SessionId }, SessionAnswer> = (world, { id }) =>
  isEnded(world.read(session, id))
    ? refused({ code: 'session_revoked', detail: 'The session has been ended already' })
    : ok({
        type: 'session.ended',
        details: { reason: 'signed_out' },
        deltas: [ending(world, id, 'signed_out')],
        answer: { session: id },
      })

/** Ends any session of the account. */
export const revokeSession: Decide<
  { readonly id: SessionId; readonly account: AccountId },
  SessionAnswer
> = (world, { id, account: owner }) => {
  const document = world.read(session, id)
  // Somebody else's session is answered like one that never was: its id is nobody's business.
  if (isEnded(document) || accountOf(document) !== owner) {
    return refused({ code: 'session_not_found', detail: `The account has no session ${id}` })
  }
  return ok({
    type: 'session.ended',
    details: { reason: 'revoked' },
    deltas: [ending(world, id, 'revoked')],
    answer: { session: id },
  })
}

const ending = (world: World, id: SessionId, why: Ending): DraftDelta =>
  draftDelta(
    session,
    id,
    edit(session, world.read(session, id), {
      ended: (log) => eventLog.append(log, world.time, why),
    }),
  )
