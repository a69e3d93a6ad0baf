/** What a transaction did to the store, as bytes: the frames of the simulated disk's log. */

import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { crc32 } from 'node:zlib'

interface Codec<T> {
  write(encoder: encoding.Encoder, value: T): void
  read(decoder: decoding.Decoder): T
}

const uint: Codec<number> = { write: encoding.writeVarUint, read: decoding.readVarUint }
const text: Codec<string> = { write: encoding.writeVarString, read: decoding.readVarString }
const bytes: Codec<Uint8Array> = {
  write: encoding.writeVarUint8Array,
  read: (decoder) => decoding.readVarUint8Array(decoder).slice(),
}
// Changes are read from the disk each time they are sent: a bit that flips there is read so.
const bytesOnDisk: Codec<Uint8Array> = {
  write: encoding.writeVarUint8Array,
  read: decoding.readVarUint8Array,
}
const json: Codec<unknown> = {
  write: (encoder, value) => encoding.writeVarString(encoder, JSON.stringify(value)),
  read: (decoder) => JSON.parse(decoding.readVarString(decoder)) as unknown,
}

/** Every operation with its fields, in the order in which they are written. */
const forms = {
  change: {
    position: uint,
    replica: text,
    counter: uint,
    wallMs: uint,
    bytes: bytesOnDisk,
    hash: bytes,
  },
  drop: { position: uint },
  head: { replica: text, counter: uint, hash: bytes },
  floor: { replica: text, counter: uint, hash: bytes },
  horizon: { wallMs: uint, logical: uint },
  state: { wallMs: uint, logical: uint, digest: bytes },
  quarantine: { replica: text, counter: uint, bytes },
  request: { request: text, position: uint },
  document: { number: uint, kind: text, id: text, bytes, hash: bytes },
  touch: { number: uint, position: uint },
  folded: { kind: text, id: text, bytes },
  unfolded: { kind: text, id: text },
  unread: { kind: text, id: text, bytes },
  readNow: { kind: text, id: text, bytes },
  rows: { table: text, number: uint, rows: json, isNew: uint },
  clearRows: { table: text },
  clearDocuments: {},
  kinds: { kinds: text },
  rowsFilled: {},
  note: { name: text, text },
} as const

type Forms = typeof forms
type Fields<F> = { [N in keyof F]: F[N] extends Codec<infer T> ? T : never }
export type Operation = {
  [K in keyof Forms]: { readonly op: K } & Readonly<Fields<Forms[K]>>
}[keyof Forms]

const names = Object.keys(forms) as (keyof Forms)[]
const codes = new Map(names.map((name, code) => [name, code]))
const fieldsOf = new Map(names.map((name) => [name, Object.entries<Codec<unknown>>(forms[name])]))

/** A frame: its length, a checksum, and the operations. */
export const encodeFrame = (operations: readonly Operation[]): Uint8Array => {
  const encoder = encoding.createEncoder()
  encoding.writeUint32(encoder, 0)
  encoding.writeUint32(encoder, 0)
  for (const operation of operations) {
    encoding.writeUint8(encoder, codes.get(operation.op) ?? 0)
    const values: Readonly<Record<string, unknown>> = operation
    for (const [name, codec] of fieldsOf.get(operation.op) ?? []) codec.write(encoder, values[name])
  }
  const frame = encoding.toUint8Array(encoder)
  const view = new DataView(frame.buffer)
  view.setUint32(0, frame.length)
  view.setUint32(4, crc32(frame.subarray(headBytes)))
  return frame
}

const headBytes = 8

/** The operations of a frame, changes as views of it; undefined if it is not as it was written. */
export const decodeFrame = (frame: Uint8Array): readonly Operation[] | undefined => {
  if (frame.length < headBytes) return undefined
  const view = new DataView(frame.buffer, frame.byteOffset)
  if (view.getUint32(0) !== frame.length) return undefined
  if (view.getUint32(4) !== crc32(frame.subarray(headBytes))) return undefined
  const decoder = decoding.createDecoder(frame)
  decoder.pos = headBytes
  const operations: Operation[] = []
  while (decoding.hasContent(decoder)) {
    const op = names[decoding.readUint8(decoder)]
    const operation: Record<string, unknown> = { op }
    for (const [name, codec] of fieldsOf.get(op!) ?? []) operation[name] = codec.read(decoder)
    operations.push(operation as unknown as Operation)
  }
  return operations
}
