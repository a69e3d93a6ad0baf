/**
 * Refresh tokens: opaque texts that renew a session, each used once and followed by its successor.
 *
 * A token is a session's id, the number of its generation, a secret of 256 bits, and a tag by which
 * this cluster knows its own. The session's document keeps the SHA-256 of the current secret alone.
 *
 * Why is a successor computed from its predecessor, and not drawn? So that whoever asks again with
 * the same token, because an answer was lost or two tabs asked at once, is given the same successor,
 * by any node, though none keeps it. Only the cluster's key makes the step, and none goes back.
 *
 * Why a tag? A used token that is shown again ends its session. The tag tells it from an invented
 * one, so that knowing a session's id does not suffice to end the session.
 */

import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import { assert } from '../../crdt/assert.ts'
import type { IdentityKeys } from './identity-keys.ts'

/** Thirty-two lowercase hexadecimal digits. */
export type SessionId = string & { readonly brand: 'SessionId' }

export const isSessionId = (text: string): text is SessionId => /^[0-9a-f]{32}$/.test(text)

export const sessionIdOf = (random: Uint8Array): SessionId => {
  assert(random.length === sessionBytes, 'a session id is made of 16 bytes')
  return Buffer.from(random).toString('hex') as SessionId
}

export interface RefreshToken {
  readonly sessionId: SessionId
  /** Counts the tokens of a session from 1. */
  readonly generation: number
  /** Thirty-two bytes. */
  readonly secret: Uint8Array
}

export const sessionBytes = 16
export const secretBytes = 32
const generationBytes = 4
const signedBytes = sessionBytes + generationBytes + secretBytes
const tagBytes = 16
const generationMax = 2 ** 32 - 1

// A prefix by which scanners for leaked secrets can know one.
const prefix = 'atoll_rt_'

export const format = (keys: IdentityKeys, token: RefreshToken): string => {
  const signed = bytesOf(token)
  const bytes = Buffer.concat([signed, tagOf(keys, signed)])
  return `${prefix}${bytes.toString('base64url')}`
}

/** The token written as `text`, or undefined if this cluster did not write it. */
export const parse = (keys: IdentityKeys, text: string): RefreshToken | undefined => {
  const encoded = text.slice(prefix.length)
  if (!text.startsWith(prefix) || !/^[\w-]{91}$/.test(encoded)) return undefined
  const bytes = Buffer.from(encoded, 'base64url')
  const signed = bytes.subarray(0, signedBytes)
  const tag = bytes.subarray(signedBytes)
  if (tag.length !== tagBytes || !timingSafeEqual(tag, tagOf(keys, signed))) return undefined
  return {
    sessionId: sessionIdOf(signed.subarray(0, sessionBytes)),
    generation: signed.readUInt32BE(sessionBytes),
    secret: signed.subarray(sessionBytes + generationBytes),
  }
}

/** The token that follows: the same wherever and however often it is asked for. */
export const successor = (keys: IdentityKeys, token: RefreshToken): RefreshToken => {
  const { sessionId, generation } = token
  assert(generation < generationMax, 'a session ends long before its generations do')
  const secret = createHmac('sha256', keys.refreshSuccessor).update(bytesOf(token)).digest()
  return { sessionId, generation: generation + 1, secret }
}

/** What a session keeps of its token. Its secret is random, so no slow hash is needed. */
export const hashOf = ({ secret }: RefreshToken): string => hash('sha256', secret, 'hex')

const bytesOf = ({ sessionId, generation, secret }: RefreshToken): Buffer => {
  const bytes = Buffer.alloc(signedBytes)
  bytes.write(sessionId, 'hex')
  bytes.writeUInt32BE(generation, sessionBytes)
  bytes.set(secret, sessionBytes + generationBytes)
  return bytes
}

const tagOf = ({ refreshTag }: IdentityKeys, signed: Uint8Array): Buffer =>
  createHmac('sha256', refreshTag).update(signed).digest().subarray(0, tagBytes)
