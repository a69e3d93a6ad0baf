/**
 * What workers and the core say to each other, as bytes: a head that tells who asks and what, then the
 * rest.
 *
 * To the core:   kind u8 · worker u32 · request u32 · length of the head u32 · head, as JSON · body
 * To a worker:   kind u8 ·              request u32 · length of the head u32 · head, as JSON · body
 *
 * Numbers are little-endian. The threads are of one program, so there is no version and nothing is
 * checked that the sender has checked.
 */

import type { Outcome } from '../core/core.ts'
import type { RequestId } from '../core/core.ts'
import type { ErrorCode, Refusal } from '../errors.ts'
import type { Result } from '../result.ts'

/** A command that a worker has validated, under its rule's name. */
export interface CommandHead {
  readonly name: string
  readonly input: unknown
  readonly actor: string
  readonly request?: RequestId
}

/** A request that only the core's thread can answer. */
export interface RequestHead {
  readonly method: string
  /** The whole of it, with the host that the client asked. */
  readonly url: string
  /** Names and values, one after the other, as they came. */
  readonly headers: readonly string[]
  /** Where it came from: the other end of the connection. */
  readonly remoteAddress: string
}

export type CommandAnswer =
  | { readonly result: Result<Outcome, Refusal> }
  /** The node could not do it; an unknown failure is an internal error, and is in the log. */
  | { readonly fault: ErrorCode; readonly message: string }

export interface ResponseHead {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
}

export const kinds = { command: 1, request: 2 } as const

export interface ToCore {
  readonly kind: number
  readonly worker: number
  readonly request: number
  readonly head: unknown
  /** Of the bytes that were read, which may be used again. */
  readonly body: Buffer
}

export interface ToWorker {
  readonly request: number
  readonly head: unknown
  readonly body: Buffer
}

const none = new Uint8Array()

export const toCore = (
  { kind, worker, request }: Pick<ToCore, 'kind' | 'worker' | 'request'>,
  head: CommandHead | RequestHead,
  body: Uint8Array = none,
): Buffer => {
  const { bytes, at } = withHead(coreHeadBytes, JSON.stringify(head), body)
  bytes.writeUInt8(kind, 0)
  bytes.writeUInt32LE(worker, 1)
  bytes.writeUInt32LE(request, 5)
  bytes.writeUInt32LE(at, 9)
  return bytes
}

export const readToCore = (bytes: Buffer): ToCore => {
  const end = coreHeadBytes + bytes.readUInt32LE(9)
  return {
    kind: bytes.readUInt8(0),
    worker: bytes.readUInt32LE(1),
    request: bytes.readUInt32LE(5),
    head: JSON.parse(bytes.toString('utf8', coreHeadBytes, end)),
    body: bytes.subarray(end),
  }
}

export const toWorker = (
  kind: number,
  request: number,
  head: CommandAnswer | ResponseHead,
  body: Uint8Array = none,
): Buffer => {
  const { bytes, at } = withHead(workerHeadBytes, JSON.stringify(head), body)
  bytes.writeUInt8(kind, 0)
  bytes.writeUInt32LE(request, 1)
  bytes.writeUInt32LE(at, 5)
  return bytes
}

export const readToWorker = (bytes: Buffer): ToWorker => {
  const end = workerHeadBytes + bytes.readUInt32LE(5)
  return {
    request: bytes.readUInt32LE(1),
    head: JSON.parse(bytes.toString('utf8', workerHeadBytes, end)),
    body: bytes.subarray(end),
  }
}

const coreHeadBytes = 13
const workerHeadBytes = 9

/** Room for the numbers, then the head's text and the body; and how long the text is in bytes. */
const withHead = (numbers: number, text: string, body: Uint8Array) => {
  const length = Buffer.byteLength(text)
  const bytes = Buffer.allocUnsafe(numbers + length + body.length)
  bytes.write(text, numbers)
  bytes.set(body, numbers + length)
  return { bytes, at: length }
}
