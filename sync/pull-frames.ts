/**
 * The frames of a pull: one node finds out which documents of another differ from its own, and fetches
 * them. Part of version 2; `PROTOCOL.md` has the grammar.
 */

import * as codec from '../crdt/codec.ts'
import type { Decoder, Encoder } from '../crdt/codec.ts'
import * as hlc from '../crdt/hybrid-logical-clock.ts'
import type { ChainHeads } from './change.ts'
import { keyBits, keyEnd, type DocumentKey } from './document-index.ts'
import * as fields from './frame-fields.ts'
import * as limits from './limits.ts'
import { entryBytes, isProper, type Listing } from './listing.ts'
import { endOf, fingerprintBytes, startOf, type Range } from './ranges.ts'

export type PullFrame =
  PullBegin | SurveyFrame | Compare | Summary | Fetch | Documents | Took | Done | Deny

/** Survey your documents for me. A later pull ends the one before. */
export interface PullBegin {
  readonly kind: 'pull'
  /** Counts the sender's pulls in this session from 1. */
  readonly pull: number
}

/** What the sender's documents look like from afar, and where its log began when it looked. */
export interface SurveyFrame {
  readonly kind: 'survey'
  readonly pull: number
  readonly floor: ChainHeads
  readonly clock: hlc.Clock
  /** All keys are cut into ranges of this level. */
  readonly level: number
  /** One for each range, in order. */
  readonly fingerprints: Uint8Array
}

/** Cut these ranges, which differ, and say how the parts look. */
export interface Compare {
  readonly kind: 'compare'
  readonly pull: number
  /** Counts the questions of a pull from 1; an answer says which one it answers. */
  readonly round: number
  readonly ranges: readonly Range[]
}

/** The parts of every range asked for, in order. */
export interface Summary {
  readonly kind: 'summary'
  readonly pull: number
  readonly round: number
  readonly fingerprints: Uint8Array
}

/** Send what these listings lack. */
export interface Fetch {
  readonly kind: 'fetch'
  readonly pull: number
  readonly round: number
  /** From this key on; what lies before has come. */
  readonly from: DocumentKey
  readonly listings: readonly Listing[]
}

/** A piece of what was asked for, in the order of keys. */
export interface Documents {
  readonly kind: 'documents'
  readonly pull: number
  readonly round: number
  /** Bytes of documents sent in this round before this frame. */
  readonly offset: number
  /** How many documents the round is about to send, by the survey. */
  readonly count: number
  /** All that was asked for below this key has been sent; at the end of all keys, the round is over. */
  readonly next: DocumentKey
  readonly parts: readonly DocumentPart[]
}

/** A document, or a piece of one that is larger than a frame. */
export interface DocumentPart {
  readonly kind: string
  readonly id: string
  /** Bytes of the whole document. */
  readonly size: number
  /** Where these lie in it. */
  readonly at: number
  readonly bytes: Uint8Array
}

/** All documents of the round before `offset` are durable here. */
export interface Took {
  readonly kind: 'took'
  readonly pull: number
  readonly round: number
  readonly offset: number
}

/** I shall ask no more. */
export interface Done {
  readonly kind: 'done'
  readonly pull: number
}

/** I cannot go on with your pull. */
export interface Deny {
  readonly kind: 'deny'
  readonly pull: number
  readonly code: DenyCode
}

export type DenyCode =
  /** The survey is not kept any more: begin anew. */
  | 'survey_dropped'
  /** A document is larger than `documentBytesMax`. */
  | 'document_too_large'

const denyCodes: readonly DenyCode[] = ['survey_dropped', 'document_too_large']

export const write = (encoder: Encoder, frame: PullFrame): void => {
  codec.writeUint(encoder, frame.pull)
  switch (frame.kind) {
    case 'survey':
      fields.writeHeads(encoder, frame.floor)
      codec.writeUint(encoder, frame.clock.wallMs)
      codec.writeUint(encoder, frame.clock.logical)
      codec.writeUint(encoder, frame.level)
      return fields.writeFixed(encoder, frame.fingerprints, fingerprintBytes * 2 ** frame.level)
    case 'compare':
      codec.writeUint(encoder, frame.round)
      codec.writeUint(encoder, frame.ranges.length)
      for (const range of frame.ranges) writeRange(encoder, range)
      return
    case 'summary':
      codec.writeUint(encoder, frame.round)
      return codec.writeBytes(encoder, frame.fingerprints)
    case 'fetch':
      codec.writeUint(encoder, frame.round)
      codec.writeUint(encoder, frame.from)
      codec.writeUint(encoder, frame.listings.length)
      for (const { entries, ...range } of frame.listings) {
        writeRange(encoder, range)
        codec.writeUint(encoder, entries.length / entryBytes)
        fields.writeFixed(encoder, entries, entries.length)
      }
      return
    case 'documents':
      codec.writeUint(encoder, frame.round)
      codec.writeUint(encoder, frame.offset)
      codec.writeUint(encoder, frame.count)
      codec.writeUint(encoder, frame.next)
      codec.writeUint(encoder, frame.parts.length)
      for (const part of frame.parts) writePart(encoder, part)
      return
    case 'took':
      codec.writeUint(encoder, frame.round)
      return codec.writeUint(encoder, frame.offset)
    case 'deny':
      return codec.writeText(encoder, frame.code)
    case 'pull':
    case 'done':
  }
}

const writeRange = (encoder: Encoder, { level, place }: Range): void => {
  codec.writeUint(encoder, level)
  codec.writeUint(encoder, place)
}

const writePart = (encoder: Encoder, { kind, id, size, at, bytes }: DocumentPart): void => {
  codec.writeText(encoder, kind)
  codec.writeText(encoder, id)
  codec.writeUint(encoder, size)
  codec.writeUint(encoder, at)
  codec.writeBytes(encoder, bytes)
}

type Readers = {
  readonly [K in PullFrame['kind']]: (decoder: Decoder) => Extract<PullFrame, { kind: K }>
}

export const readers: Readers = {
  pull: (decoder) => ({ kind: 'pull', pull: fields.readCounter(decoder) }),
  survey: (decoder) => {
    const head = { pull: fields.readCounter(decoder), floor: fields.readHeads(decoder) }
    const clock = readClock(decoder)
    const level = readUpTo(decoder, limits.surveyLevelMax)
    const fingerprints = fields.readFixed(decoder, fingerprintBytes * 2 ** level)
    return { kind: 'survey', ...head, clock, level, fingerprints }
  },
  compare: (decoder) => ({
    kind: 'compare',
    ...readRound(decoder),
    ranges: readRanges(decoder, limits.comparedMax, readRange),
  }),
  summary: (decoder) => ({
    kind: 'summary',
    ...readRound(decoder),
    fingerprints: codec.readBytes(decoder),
  }),
  fetch: (decoder) => ({
    kind: 'fetch',
    ...readRound(decoder),
    from: readUpTo(decoder, keyEnd),
    listings: readRanges(decoder, limits.fetchedRangesMax, readListing),
  }),
  documents: (decoder) => ({
    kind: 'documents',
    ...readRound(decoder),
    offset: fields.readNumber(decoder),
    count: fields.readNumber(decoder),
    next: readUpTo(decoder, keyEnd),
    parts: Array.from({ length: codec.readCount(decoder, 6) }, () => readPart(decoder)),
  }),
  took: (decoder) => ({
    kind: 'took',
    ...readRound(decoder),
    offset: fields.readNumber(decoder),
  }),
  done: (decoder) => ({ kind: 'done', pull: fields.readCounter(decoder) }),
  deny: (decoder) => {
    const pull = fields.readCounter(decoder)
    const text = codec.readText(decoder)
    const code = denyCodes.find((known) => known === text)
    codec.check(code !== undefined, 'A pull is denied for no known reason')
    return { kind: 'deny', pull, code }
  },
}

const readRound = (decoder: Decoder) => ({
  pull: fields.readCounter(decoder),
  round: fields.readCounter(decoder),
})

const readUpTo = (decoder: Decoder, max: number): number => {
  const number = codec.readUint(decoder)
  codec.check(number <= max, 'A number is larger than the protocol allows')
  return number
}

const readClock = (decoder: Decoder): hlc.Clock => ({
  wallMs: readUpTo(decoder, hlc.wallMsMax),
  logical: readUpTo(decoder, hlc.logicalMax),
})

const readRange = (decoder: Decoder): Range => {
  const level = readUpTo(decoder, keyBits)
  return { level, place: readUpTo(decoder, 2 ** level - 1) }
}

const readListing = (decoder: Decoder): Listing => {
  const range = readRange(decoder)
  const count = codec.readCount(decoder, entryBytes)
  const listing = { ...range, entries: fields.readFixed(decoder, count * entryBytes) }
  codec.check(isProper(listing), 'A listing is out of order or out of its range')
  return listing
}

/** Ranges that rise and do not overlap: at least one. */
const readRanges = <R extends Range>(
  decoder: Decoder,
  countMax: number,
  read: (decoder: Decoder) => R,
): R[] => {
  const count = fields.readCountUpTo(decoder, countMax, 2)
  codec.check(count > 0, 'There are no ranges')
  let end = 0
  return Array.from({ length: count }, () => {
    const range = read(decoder)
    codec.check(startOf(range) >= end, 'Ranges overlap or are out of order')
    end = endOf(range)
    return range
  })
}

const readPart = (decoder: Decoder): DocumentPart => {
  const kind = fields.readKind(decoder)
  const id = codec.readText(decoder)
  codec.check(
    new TextEncoder().encode(id).length <= limits.documentIdBytesMax,
    'The id of a document is too long',
  )
  const size = readUpTo(decoder, limits.documentBytesMax)
  const at = readUpTo(decoder, size)
  const bytes = codec.readBytes(decoder)
  codec.check(
    bytes.length > 0 && at + bytes.length <= size,
    'A part of a document is empty or lies outside it',
  )
  return { kind, id, size, at, bytes }
}
