/** The fields that frames are made of: how each is written, and what is refused when it is read. */

import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { assert } from '../crdt/assert.ts'
import * as codec from '../crdt/codec.ts'
import type { Decoder, Encoder } from '../crdt/codec.ts'
import { counterMax, type ReplicaId } from '../crdt/dot.ts'
import { counterOf, type VersionVector } from '../crdt/version-vector.ts'
import { isAddress, isNodeName } from './address.ts'
import type { ChainHead, ChainHeads } from './change.ts'
import type { Links } from './change-log.ts'
import * as limits from './limits.ts'

export const readName = (decoder: Decoder): string =>
  readChecked(decoder, isNodeName, 'A node has no proper name')

export const readAddress = (decoder: Decoder): string =>
  readChecked(decoder, isAddress, 'An address is not one')

export const readAddresses = (decoder: Decoder): string[] =>
  Array.from({ length: readCountUpTo(decoder, limits.ownAddressesMax, 1) }, () =>
    readAddress(decoder),
  )

const capabilityPattern = new RegExp(`^[a-z0-9_.-]{1,${limits.capabilityCharsMax}}$`)

export const readCapabilities = (decoder: Decoder): string[] =>
  codec.readAscending(decoder, {
    count: readCountUpTo(decoder, limits.capabilitiesMax, 1),
    read: () => readMatching(decoder, capabilityPattern, 'A capability has no proper name'),
    key: (capability) => capability,
    compare: codec.compareTexts,
  })

export const readDigest = (decoder: Decoder): string => {
  const digest = readMatching(decoder, /^[0-9a-f]*$/, 'A digest is not hexadecimal')
  codec.check(digest.length <= limits.digestDigitsMax, 'A digest is too long')
  return digest
}

// One line, so that a log of it cannot be made to look like something else.
export const readSentence = (decoder: Decoder): string => {
  const sentence = codec.readText(decoder)
  codec.check(
    new TextEncoder().encode(sentence).length <= limits.sentenceBytesMax &&
      !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(sentence),
    'A sentence is too long or not one line',
  )
  return sentence
}

const byReplica = <T>(map: ReadonlyMap<ReplicaId, T>): [ReplicaId, T][] =>
  [...map].sort(([a], [b]) => codec.compareTexts(a, b))

const hashBytes = 32

/** What a link takes in a frame, with its replica. */
export const linkBytes = 8 + hashBytes

export const writeVector = (encoder: Encoder, vector: VersionVector): void => {
  codec.writeUint(encoder, vector.size)
  for (const [replica, counter] of byReplica(vector)) {
    codec.writeReplica(encoder, replica)
    codec.writeUint(encoder, counter)
  }
}

export const readVector = (decoder: Decoder): VersionVector =>
  readMap(decoder, limits.replicasMax, {
    itemBytesMin: 9,
    readKey: codec.readReplica,
    readValue: readCounter,
  })

export const writeHeads = (encoder: Encoder, heads: ChainHeads): void => {
  codec.writeUint(encoder, heads.size)
  for (const [replica, { counter, hash }] of byReplica(heads)) {
    codec.writeReplica(encoder, replica)
    codec.writeUint(encoder, counter)
    writeFixed(encoder, hash, hashBytes)
  }
}

export const readHeads = (decoder: Decoder): ChainHeads =>
  readMap(decoder, limits.replicasMax, {
    itemBytesMin: 9 + hashBytes,
    readKey: codec.readReplica,
    readValue: (decoder): ChainHead => ({
      counter: readCounter(decoder),
      hash: readFixed(decoder, hashBytes),
    }),
  })

export const writeLinks = (encoder: Encoder, links: Links): void => {
  codec.writeUint(encoder, links.size)
  for (const [replica, hash] of byReplica(links)) {
    codec.writeReplica(encoder, replica)
    writeFixed(encoder, hash, hashBytes)
  }
}

export const readLinks = (decoder: Decoder): Links =>
  readMap(decoder, limits.replicasMax, {
    itemBytesMin: linkBytes,
    readKey: codec.readReplica,
    readValue: (decoder) => readFixed(decoder, hashBytes),
  })

export interface HeadsWithFloor {
  readonly heads: ChainHeads
  /** For replicas among the heads, and not beyond them. */
  readonly floor: VersionVector
}

export const writeHeadsWithFloor = (encoder: Encoder, { heads, floor }: HeadsWithFloor): void => {
  codec.writeUint(encoder, heads.size)
  for (const [replica, { counter, hash }] of byReplica(heads)) {
    codec.writeReplica(encoder, replica)
    codec.writeUint(encoder, counter)
    writeFixed(encoder, hash, hashBytes)
    codec.writeUint(encoder, counterOf(floor, replica))
  }
}

export const readHeadsWithFloor = (decoder: Decoder): HeadsWithFloor => {
  const all = readMap(decoder, limits.replicasMax, {
    itemBytesMin: 10 + hashBytes,
    readKey: codec.readReplica,
    readValue: (decoder) => {
      const head = { counter: readCounter(decoder), hash: readFixed(decoder, hashBytes) }
      const floor = readNumber(decoder)
      codec.check(floor <= head.counter, 'A floor is above its head')
      return { head, floor }
    },
  })
  return {
    heads: new Map([...all].map(([replica, { head }]) => [replica, head])),
    floor: new Map(
      [...all].flatMap(([replica, { floor }]) => (floor > 0 ? [[replica, floor] as const] : [])),
    ),
  }
}

export const writeSchemas = (encoder: Encoder, schemas: ReadonlyMap<string, number>): void => {
  codec.writeUint(encoder, schemas.size)
  for (const [kind, version] of [...schemas].sort(([a], [b]) => codec.compareTexts(a, b))) {
    codec.writeText(encoder, kind)
    codec.writeUint(encoder, version)
  }
}

const kindPattern = new RegExp(`^[a-z][a-z0-9_-]{0,${limits.kindBytesMax - 1}}$`)

export const readKind = (decoder: Decoder): string =>
  readMatching(decoder, kindPattern, 'A document kind has no proper name')

export const readSchemas = (decoder: Decoder): ReadonlyMap<string, number> =>
  readMap(decoder, limits.schemasMax, {
    itemBytesMin: 2,
    readKey: readKind,
    readValue: readNumber,
  })

interface MapReader<K, V> {
  readonly itemBytesMin: number
  readonly readKey: (decoder: Decoder) => K
  readonly readValue: (decoder: Decoder) => V
}

const readMap = <K extends string, V>(
  decoder: Decoder,
  countMax: number,
  { itemBytesMin, readKey, readValue }: MapReader<K, V>,
): ReadonlyMap<K, V> =>
  new Map(
    codec.readAscending(decoder, {
      count: readCountUpTo(decoder, countMax, itemBytesMin),
      read: () => [readKey(decoder), readValue(decoder)] as const,
      key: ([key]) => key,
      compare: codec.compareTexts,
    }),
  )

export const writeTexts = (encoder: Encoder, texts: readonly string[]): void => {
  codec.writeUint(encoder, texts.length)
  for (const text of texts) codec.writeText(encoder, text)
}

export const readMatching = (decoder: Decoder, pattern: RegExp, problem: string): string => {
  const text = codec.readText(decoder)
  codec.check(pattern.test(text), problem)
  return text
}

const readChecked = (
  decoder: Decoder,
  isGood: (text: string) => boolean,
  problem: string,
): string => {
  const text = codec.readText(decoder)
  codec.check(isGood(text), problem)
  return text
}

export const readCountUpTo = (decoder: Decoder, countMax: number, itemBytesMin: number): number => {
  const count = codec.readCount(decoder, itemBytesMin)
  codec.check(count <= countMax, 'There are more items than the protocol allows')
  return count
}

// lib0 checks the range before it adds the last seven bits, so the sum needs a look of its own.
export const readNumber = (decoder: Decoder): number => {
  const number = codec.readUint(decoder)
  codec.check(number <= counterMax, 'A number is out of range')
  return number
}

export const readCounter = (decoder: Decoder): number => {
  const counter = readNumber(decoder)
  codec.check(counter >= 1, 'A number that counts from 1 is 0')
  return counter
}

export const writeFixed = (encoder: Encoder, bytes: Uint8Array, length: number): void => {
  assert(bytes.length === length, 'bytes of a fixed length have it')
  encoding.writeUint8Array(encoder, bytes)
}

export const readFixed = (decoder: Decoder, length: number): Uint8Array => {
  codec.check(codec.remaining(decoder) >= length, 'Bytes of a fixed length are cut short')
  return decoding.readUint8Array(decoder, length)
}
