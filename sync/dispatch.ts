/**
 * Documents on their way out: what a peer has asked for, read a little at a time and sent as fast as
 * the peer joins it.
 */

import type { DocumentSlice, DocumentState } from './document-exchange.ts'
import { keyEnd, keyOf, type DocumentIndex, type DocumentKey } from './document-index.ts'
import * as limits from './limits.ts'
import { countMissing, missingFrom, type Listing, type Missing } from './listing.ts'
import type { DocumentPart, Documents, Fetch } from './pull-frames.ts'

export interface Dispatch {
  readonly pull: number
  readonly round: number
  readonly listings: readonly Listing[]
  /** How many documents there are to send. */
  readonly count: number
  /** All that was asked for below this key has been read. */
  readonly next: DocumentKey
  /** The read under way; one at a time keeps the order. */
  readonly reading: Missing | undefined
  /** Read and not yet sent, and how many bytes of the first are. */
  readonly held: readonly DocumentState[]
  readonly heldSent: number
  /** Bytes of documents sent in this round, and of these how many the peer has joined. */
  readonly sentBytes: number
  readonly settledBytes: number
  /** Whether the frame that says so has been sent. */
  readonly isOver: boolean
}

export const dispatchOf = (index: DocumentIndex, frame: Fetch): Dispatch => ({
  pull: frame.pull,
  round: frame.round,
  listings: frame.listings,
  count: countMissing(index, frame.listings),
  next: frame.from,
  reading: undefined,
  held: [],
  heldSent: 0,
  sentBytes: 0,
  settledBytes: 0,
  isOver: false,
})

/** The next keys to read, if all that was read is sent and there is more. There may be none among those looked at. */
export const nextRead = (index: DocumentIndex, dispatch: Dispatch): Missing | undefined => {
  const { held, reading, next, listings } = dispatch
  return held.length === 0 && !reading && next < keyEnd
    ? missingFrom(index, listings, { from: next, keysMax: limits.readKeysMax })
    : undefined
}

/** Takes what was read. */
export const take = (dispatch: Dispatch, { documents, keysRead }: DocumentSlice): Dispatch => {
  const { reading } = dispatch
  const next = reading?.keys[keysRead] ?? reading?.next ?? dispatch.next
  return { ...dispatch, reading: undefined, next, held: documents, heldSent: 0 }
}

/** The next frame, if there is something to say and a whole frame still fits the window. */
export const nextFrame = (
  dispatch: Dispatch,
): { readonly dispatch: Dispatch; readonly frame: Documents } | undefined => {
  const { held, sentBytes, settledBytes, isOver } = dispatch
  const hasEnded = dispatch.next === keyEnd && !dispatch.reading
  if (isOver || (held.length === 0 && !hasEnded)) return undefined
  const inFlightBytes = sentBytes - settledBytes
  if (inFlightBytes + limits.frameBytesMax > limits.documentsInFlightBytesMax) return undefined
  const packed = pack(dispatch)
  const [first] = packed.held
  const next = first ? Math.min(keyOf(first.kind, first.id), dispatch.next) : dispatch.next
  const frame: Documents = {
    kind: 'documents',
    pull: dispatch.pull,
    round: dispatch.round,
    offset: sentBytes,
    count: dispatch.count,
    next,
    parts: packed.parts,
  }
  return {
    dispatch: {
      ...dispatch,
      held: packed.held,
      heldSent: packed.heldSent,
      sentBytes: sentBytes + packed.bytes,
      isOver: next === keyEnd,
    },
    frame,
  }
}

/** Fills a frame with whole documents, or with a piece of one that no frame can hold. */
const pack = ({ held, heldSent }: Dispatch) => {
  const parts: DocumentPart[] = []
  let room = limits.readBytesMax
  let bytes = 0
  let count = 0
  let at = heldSent
  for (const { kind, id, bytes: all } of held) {
    const fits = room - headBytesOf(kind, id)
    const left = all.length - at
    if (parts.length > 0 && left > fits) break
    const part = all.subarray(at, at + Math.min(left, fits))
    parts.push({ kind, id, size: all.length, at, bytes: part })
    bytes += part.length
    room = fits - part.length
    if (part.length < left)
      return { parts, bytes, held: held.slice(count), heldSent: at + part.length }
    at = 0
    count++
  }
  return { parts, bytes, held: held.slice(count), heldSent: 0 }
}

// Three bytes for each letter at most, and the numbers.
const headBytesOf = (kind: string, id: string): number => 3 * (kind.length + id.length) + 20

/** What the peer has joined; undefined if that was never sent. */
export const settle = (dispatch: Dispatch, offset: number): Dispatch | undefined =>
  offset > dispatch.sentBytes
    ? undefined
    : { ...dispatch, settledBytes: Math.max(dispatch.settledBytes, offset) }
