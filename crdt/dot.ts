/**
 * A dot names one event, once, for ever: the counter-th event of a replica.
 *
 * Replicas are 64 random bits, minted at every start of a node, so that no restored or copied data
 * directory can ever name two events alike.
 */

import { assert } from './assert.ts'

/** Sixteen lowercase hexadecimal digits. */
export type ReplicaId = string & { readonly brand: 'ReplicaId' }

export interface Dot {
  readonly replica: ReplicaId
  /** Counts a replica's events from 1, without gaps. */
  readonly counter: number
}

/** A dot as a map key, `<replica>:<counter>`; equal dots have equal keys. */
export type DotKey = string & { readonly brand: 'DotKey' }

/** Past this a counter would no longer be exact in a double. */
export const counterMax = Number.MAX_SAFE_INTEGER

const replicaPattern = /^[0-9a-f]{16}$/

export const isReplicaId = (text: string): text is ReplicaId => replicaPattern.test(text)

/** The replica id written as `text`, or undefined if it is none. */
export const parseReplicaId = (text: string): ReplicaId | undefined =>
  isReplicaId(text) ? text : undefined

/** The replica id made of eight random bytes. */
export const replicaIdOf = (random: Uint8Array): ReplicaId => {
  assert(random.length === 8, 'a replica id is made of eight bytes')
  let text = ''
  for (const byte of random) text += hexOfByte[byte]
  return text as ReplicaId
}

// Ids are read with every delta, so their digits come from a table.
const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export const dotKey = ({ replica, counter }: Dot): DotKey => `${replica}:${counter}` as DotKey

/** The dot written as `<replica>:<counter>`, or undefined if `text` is no dot. */
export const parseDot = (text: string): Dot | undefined => {
  const [replica = '', digits = '', ...rest] = text.split(':')
  if (rest.length > 0 || !isReplicaId(replica) || !/^[1-9][0-9]{0,15}$/.test(digits))
    return undefined
  const counter = Number(digits)
  return Number.isSafeInteger(counter) ? { replica, counter } : undefined
}

/** By replica, then by counter: the order in which canonical encodings list dots. */
export const compareDots = (a: Dot, b: Dot): number =>
  a.replica < b.replica ? -1 : a.replica > b.replica ? 1 : a.counter - b.counter
