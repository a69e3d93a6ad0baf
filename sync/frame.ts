/**
 * A frame is one message between two nodes, in one canonical binary form; `PROTOCOL.md` has the grammar.
 *
 * The decoder is total: whatever the bytes, it gives a frame or throws a `DecodeError`, and what it
 * gives encodes to the same bytes again.
 */

import { assert } from '../crdt/assert.ts'
import * as codec from '../crdt/codec.ts'
import type { Decoder, Encoder } from '../crdt/codec.ts'
import type { Dot, ReplicaId } from '../crdt/dot.ts'
import type { VersionVector } from '../crdt/version-vector.ts'
import type { ChainHeads } from './change.ts'
import type { Links } from './change-log.ts'
import * as fields from './frame-fields.ts'
import * as limits from './limits.ts'
import * as pullFrames from './pull-frames.ts'
import type { PullFrame } from './pull-frames.ts'
import * as questionFrames from './question-frames.ts'
import type { QuestionFrame } from './question-frames.ts'

export type Frame =
  | Hello
  | Prove
  | Ready
  | Changes
  | Ack
  | Want
  | Beat
  | Peers
  | Fork
  | Refuse
  | Behind
  | Have
  | PullFrame
  | QuestionFrame

/** Who speaks. Everything after it is bound to it by the proofs. */
export interface Hello {
  readonly kind: 'hello'
  /** The oldest and the newest version of the protocol that the node speaks. */
  readonly versions: { readonly from: number; readonly to: number }
  /** In strict order. */
  readonly capabilities: readonly string[]
  readonly name: string
  readonly replica: ReplicaId
  readonly nonce: Uint8Array
  /** Where others may dial the node. */
  readonly addresses: readonly string[]
}

/** That the sender has the cluster key. */
export interface Prove {
  readonly kind: 'prove'
  readonly proof: Uint8Array
}

/** What the sender has. The heads' counters are its version vector. */
export interface Ready {
  readonly kind: 'ready'
  readonly heads: ChainHeads
  /** Up to where the sender has folded its log; undefined in version 1, which does not say. */
  readonly floor: VersionVector | undefined
  readonly digest: string
  /** The newest schema the sender can read, by document kind. */
  readonly schemas: ReadonlyMap<string, number>
}

/** A piece of the sender's log, in log order, without what the receiver is known to have. */
export interface Changes {
  readonly kind: 'changes'
  /** The number of the `want` that this stream answers; 0 answers `ready`. */
  readonly run: number
  /** Bytes of changes sent in this session before this frame, over all runs. */
  readonly offset: number
  /**
   * The link that the first change of each replica continues. A first change of all continues nothing, and
   * has none. Undefined up to version 2, which does not say.
   */
  readonly continued: Links | undefined
  readonly changes: readonly Uint8Array[]
}

/** That all changes before `offset` were dealt with, and what of them and others is durable here. */
export interface Ack {
  readonly kind: 'ack'
  readonly offset: number
  readonly vector: VersionVector
}

/** Start anew from what I have: what follows of the runs before will be passed over. */
export interface Want {
  readonly kind: 'want'
  readonly run: number
  readonly vector: VersionVector
}

/**
 * How it stands with both streams, also when there is nothing else to say: whatever was lost, one
 * beat later both sides know.
 */
export interface Beat {
  readonly kind: 'beat'
  /** The run of the stream that the sender sends, and how many bytes of changes it has sent. */
  readonly run: number
  readonly offset: number
  /** As in `ack`: the peer's changes before this were dealt with. */
  readonly settled: number
  readonly vector: VersionVector
  readonly digest: string
}

/** Nodes that the sender has met, by their own word on where they are. */
export interface Peers {
  readonly kind: 'peers'
  readonly peers: readonly PeerAddress[]
}

export interface PeerAddress {
  readonly name: string
  readonly address: string
}

/** Two histories of `dot.replica` differ at `dot`: I neither send nor take its changes. */
export interface Fork {
  readonly kind: 'fork'
  readonly dot: Dot
}

/** You lack some of what I have folded: I can send you no changes before you have pulled. */
export interface Behind {
  readonly kind: 'behind'
  /** Up to where I have folded my log. */
  readonly floor: VersionVector
}

/** What has become durable here since I last said what I have: no need to send it. */
export interface Have {
  readonly kind: 'have'
  /** Only what rose. */
  readonly vector: VersionVector
}

/** The last frame of a session, with the reason. The code may be one that we do not know. */
export interface Refuse {
  readonly kind: 'refuse'
  readonly code: string
  readonly sentence: string
}

export const nonceBytes = 32
export const proofBytes = 32

const numbers = {
  hello: 1,
  prove: 2,
  ready: 11,
  changes: 25,
  ack: 5,
  want: 6,
  beat: 7,
  peers: 8,
  fork: 9,
  refuse: 10,
  behind: 12,
  have: 13,
  pull: 14,
  survey: 15,
  compare: 16,
  summary: 17,
  fetch: 18,
  documents: 19,
  took: 20,
  done: 21,
  deny: 22,
  ask: 23,
  answer: 24,
} as const satisfies Record<Frame['kind'], number>

/** A `ready` that says nothing of a floor, as version 1 has it. */
const readyWithoutFloor = 3

/** `changes` that do not say what they continue, as up to version 2. */
const changesWithoutLinks = 4

const numberOf = (frame: Frame): number => {
  if (frame.kind === 'ready' && !frame.floor) return readyWithoutFloor
  if (frame.kind === 'changes' && !frame.continued) return changesWithoutLinks
  return numbers[frame.kind]
}

export const encode = (frame: Frame): Uint8Array => {
  const bytes = codec.encode((encoder) => {
    codec.writeByte(encoder, numberOf(frame))
    write(encoder, frame)
  })
  assert(bytes.length <= limits.frameBytesMax, 'a frame is within its limit')
  return bytes
}

const write = (encoder: Encoder, frame: Frame): void => {
  switch (frame.kind) {
    case 'hello':
      codec.writeUint(encoder, frame.versions.from)
      codec.writeUint(encoder, frame.versions.to)
      fields.writeTexts(encoder, frame.capabilities)
      codec.writeText(encoder, frame.name)
      codec.writeReplica(encoder, frame.replica)
      fields.writeFixed(encoder, frame.nonce, nonceBytes)
      return fields.writeTexts(encoder, frame.addresses)
    case 'prove':
      return fields.writeFixed(encoder, frame.proof, proofBytes)
    case 'ready':
      if (frame.floor) fields.writeHeadsWithFloor(encoder, { ...frame, floor: frame.floor })
      else fields.writeHeads(encoder, frame.heads)
      codec.writeText(encoder, frame.digest)
      return fields.writeSchemas(encoder, frame.schemas)
    case 'changes':
      codec.writeUint(encoder, frame.run)
      codec.writeUint(encoder, frame.offset)
      if (frame.continued) fields.writeLinks(encoder, frame.continued)
      codec.writeUint(encoder, frame.changes.length)
      for (const change of frame.changes) codec.writeBytes(encoder, change)
      return
    case 'ack':
      codec.writeUint(encoder, frame.offset)
      return fields.writeVector(encoder, frame.vector)
    case 'want':
      codec.writeUint(encoder, frame.run)
      return fields.writeVector(encoder, frame.vector)
    case 'beat':
      codec.writeUint(encoder, frame.run)
      codec.writeUint(encoder, frame.offset)
      codec.writeUint(encoder, frame.settled)
      fields.writeVector(encoder, frame.vector)
      return codec.writeText(encoder, frame.digest)
    case 'peers':
      codec.writeUint(encoder, frame.peers.length)
      for (const { name, address } of frame.peers) {
        codec.writeText(encoder, name)
        codec.writeText(encoder, address)
      }
      return
    case 'fork':
      codec.writeReplica(encoder, frame.dot.replica)
      return codec.writeUint(encoder, frame.dot.counter)
    case 'refuse':
      codec.writeText(encoder, frame.code)
      return codec.writeText(encoder, frame.sentence)
    case 'behind':
      return fields.writeVector(encoder, frame.floor)
    case 'have':
      return fields.writeVector(encoder, frame.vector)
    case 'ask':
    case 'answer':
      return questionFrames.write(encoder, frame)
    default:
      return pullFrames.write(encoder, frame)
  }
}

/** The frame that `bytes` hold. Changes are views of `bytes`. */
export const decode = (bytes: Uint8Array): Frame => {
  codec.check(bytes.length <= limits.frameBytesMax, 'A frame is too long')
  return codec.decode(bytes, (decoder) => {
    const read = readersByNumber.get(codec.readByte(decoder))
    codec.check(read !== undefined, 'A frame is of no known kind')
    return read(decoder)
  })
}

const readReadyWithoutFloor = (decoder: Decoder): Ready => ({
  kind: 'ready',
  heads: fields.readHeads(decoder),
  floor: undefined,
  digest: fields.readDigest(decoder),
  schemas: fields.readSchemas(decoder),
})

const readChangesWithoutLinks = (decoder: Decoder): Changes => ({
  kind: 'changes',
  run: fields.readNumber(decoder),
  offset: fields.readNumber(decoder),
  continued: undefined,
  changes: readChanges(decoder),
})

const readersByKind: { [K in Frame['kind']]: (decoder: Decoder) => Extract<Frame, { kind: K }> } = {
  hello: (decoder) => ({
    kind: 'hello',
    versions: readVersions(decoder),
    capabilities: fields.readCapabilities(decoder),
    name: fields.readName(decoder),
    replica: codec.readReplica(decoder),
    nonce: fields.readFixed(decoder, nonceBytes),
    addresses: fields.readAddresses(decoder),
  }),
  prove: (decoder) => ({ kind: 'prove', proof: fields.readFixed(decoder, proofBytes) }),
  ready: (decoder) => ({
    kind: 'ready',
    ...fields.readHeadsWithFloor(decoder),
    digest: fields.readDigest(decoder),
    schemas: fields.readSchemas(decoder),
  }),
  changes: (decoder) => ({
    kind: 'changes',
    run: fields.readNumber(decoder),
    offset: fields.readNumber(decoder),
    continued: fields.readLinks(decoder),
    changes: readChanges(decoder),
  }),
  ack: (decoder) => ({
    kind: 'ack',
    offset: fields.readNumber(decoder),
    vector: fields.readVector(decoder),
  }),
  want: (decoder) => ({
    kind: 'want',
    run: fields.readCounter(decoder),
    vector: fields.readVector(decoder),
  }),
  beat: (decoder) => ({
    kind: 'beat',
    run: fields.readNumber(decoder),
    offset: fields.readNumber(decoder),
    settled: fields.readNumber(decoder),
    vector: fields.readVector(decoder),
    digest: fields.readDigest(decoder),
  }),
  peers: (decoder) => ({ kind: 'peers', peers: readPeers(decoder) }),
  fork: (decoder) => ({
    kind: 'fork',
    dot: { replica: codec.readReplica(decoder), counter: fields.readCounter(decoder) },
  }),
  refuse: (decoder) => ({
    kind: 'refuse',
    code: fields.readMatching(decoder, /^[a-z_]{1,32}$/, 'A refusal has no proper code'),
    sentence: fields.readSentence(decoder),
  }),
  behind: (decoder) => ({ kind: 'behind', floor: fields.readVector(decoder) }),
  have: (decoder) => ({ kind: 'have', vector: fields.readVector(decoder) }),
  ...pullFrames.readers,
  ...questionFrames.readers,
}

const readersByNumber: ReadonlyMap<number, (decoder: Decoder) => Frame> = new Map([
  ...Object.entries(numbers).map(
    ([kind, number]) => [number, readersByKind[kind as Frame['kind']]] as const,
  ),
  [readyWithoutFloor, readReadyWithoutFloor] as const,
  [changesWithoutLinks, readChangesWithoutLinks] as const,
])

const readPeers = (decoder: Decoder): PeerAddress[] =>
  Array.from({ length: fields.readCountUpTo(decoder, limits.gossipMax, 2) }, () => ({
    name: fields.readName(decoder),
    address: fields.readAddress(decoder),
  }))

const readVersions = (decoder: Decoder): Hello['versions'] => {
  const versions = { from: fields.readCounter(decoder), to: fields.readCounter(decoder) }
  codec.check(versions.from <= versions.to, 'The versions are in the wrong order')
  return versions
}

const readChanges = (decoder: Decoder): Uint8Array[] => {
  const count = codec.readCount(decoder, 2)
  codec.check(count > 0, 'There are no changes')
  return Array.from({ length: count }, () => {
    const change = codec.readBytes(decoder)
    codec.check(change.length > 0, 'A change is empty')
    return change
  })
}
