/**
 * A change is one atomic transaction: the deltas it made on one or more documents, and who made them
 * when. It is the event of event sourcing, the row of the log and what travels between nodes.
 *
 * Its bytes are canonical and end in a checksum, so that a torn or flipped copy is found wherever it
 * is read. Each replica's changes also form a hash chain, which tells two histories under one name.
 */

import { crc32 } from 'node:zlib'
import { hash } from 'node:crypto'
import * as codec from '../crdt/codec.ts'
import { counterMax, type Dot, type ReplicaId } from '../crdt/dot.ts'
import * as hlc from '../crdt/hybrid-logical-clock.ts'
import type { VersionVector } from '../crdt/version-vector.ts'
import * as value from '../crdt/value.ts'
import type { Value } from '../crdt/value.ts'

export interface Change {
  readonly dot: Dot
  /** When, by the clock of the dot's replica. */
  readonly time: hlc.Clock
  /** Who: `admin/…`, `cart/…`, `node/…`. */
  readonly actor: string
  /** What happened, dotted and in the past tense: `product.price_changed`. */
  readonly type: string
  /** The ids of the requests that this change answers; a request is answered by one change only. */
  readonly requests: readonly string[]
  /** What the deltas do not say: a reason, a reference, the answer that was given. */
  readonly details: Value
  readonly deltas: readonly DocumentDelta[]
}

/** A delta on one document, encoded by the document's own codec. */
export interface DocumentDelta {
  /** The registered kind of the document: `product`, `cart` … */
  readonly kind: string
  readonly id: string
  readonly bytes: Uint8Array
}

/** The timestamp that orders the change among all others. */
export const timestampOf = ({ dot, time }: Change): hlc.Timestamp => ({
  ...time,
  replica: dot.replica,
})

const version = 1
const checksumBytes = 4

/** A change's canonical bytes, the checksum (CRC-32) last. */
export const encode = (change: Change): Uint8Array => {
  const body = codec.encode((encoder) => {
    codec.writeByte(encoder, version)
    codec.writeReplica(encoder, change.dot.replica)
    codec.writeUint(encoder, change.dot.counter)
    codec.writeUint(encoder, change.time.wallMs)
    codec.writeUint(encoder, change.time.logical)
    codec.writeText(encoder, change.actor)
    codec.writeText(encoder, change.type)
    codec.writeUint(encoder, change.requests.length)
    for (const request of change.requests) codec.writeText(encoder, request)
    value.write(encoder, change.details)
    codec.writeUint(encoder, change.deltas.length)
    for (const { kind, id, bytes } of change.deltas) {
      codec.writeText(encoder, kind)
      codec.writeText(encoder, id)
      codec.writeBytes(encoder, bytes)
    }
  })
  const bytes = new Uint8Array(body.length + checksumBytes)
  bytes.set(body)
  new DataView(bytes.buffer).setUint32(body.length, crc32(body), true)
  return bytes
}

/** The change that `bytes` hold. Its deltas are views of `bytes`, not yet decoded. */
export const decode = (bytes: Uint8Array): Change =>
  codec.decode(checkedBody(bytes), (decoder) => {
    codec.check(codec.readByte(decoder) === version, 'A change has an unknown version')
    const dot = { replica: codec.readReplica(decoder), counter: readCounter(decoder) }
    const time = { wallMs: readWallMs(decoder), logical: readLogical(decoder) }
    return {
      dot,
      time,
      actor: codec.readText(decoder),
      type: codec.readText(decoder),
      requests: Array.from({ length: codec.readCount(decoder) }, () => codec.readText(decoder)),
      details: value.read(decoder),
      deltas: Array.from({ length: codec.readCount(decoder, 3) }, () => ({
        kind: codec.readText(decoder),
        id: codec.readText(decoder),
        bytes: codec.readBytes(decoder),
      })),
    }
  })

/** Whether a change's bytes are as they were written. */
export const isIntact = (bytes: Uint8Array): boolean => {
  const end = bytes.length - checksumBytes
  if (end < 1) return false
  const stored = new DataView(bytes.buffer, bytes.byteOffset + end, checksumBytes).getUint32(
    0,
    true,
  )
  return stored === crc32(bytes.subarray(0, end))
}

const checkedBody = (bytes: Uint8Array): Uint8Array => {
  codec.check(isIntact(bytes), 'A change does not match its checksum')
  return bytes.subarray(0, bytes.length - checksumBytes)
}

const readCounter = (decoder: codec.Decoder): number => {
  const counter = codec.readUint(decoder)
  codec.check(counter >= 1 && counter <= counterMax, 'A counter is out of range')
  return counter
}

const readWallMs = (decoder: codec.Decoder): number => {
  const wallMs = codec.readUint(decoder)
  codec.check(wallMs <= hlc.wallMsMax, 'A time is out of range')
  return wallMs
}

const readLogical = (decoder: codec.Decoder): number => {
  const logical = codec.readUint(decoder)
  codec.check(logical <= hlc.logicalMax, 'A logical counter is out of range')
  return logical
}

/** The last link of a replica's hash chain, 32 bytes of SHA-256. */
export interface ChainHead {
  readonly counter: number
  readonly hash: Uint8Array
}

/** What a replica's first change continues. */
export const chainStart: Uint8Array = new Uint8Array(32)

/** The link that `bytes` add to a chain whose last link is `previous`. */
export const chainHash = (previous: Uint8Array, bytes: Uint8Array): Uint8Array =>
  hash('sha256', Buffer.concat([previous, bytes]), 'buffer')

export type ChainHeads = ReadonlyMap<ReplicaId, ChainHead>

/** Which changes a log with these heads has seen, or a floor stands for. */
export const vectorOf = (heads: ChainHeads): VersionVector =>
  new Map([...heads].map(([replica, { counter }]) => [replica, counter]))
