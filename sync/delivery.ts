/**
 * Documents on their way in: parts are put together, whole documents wait until they can be joined
 * together, and what was joined is acknowledged.
 *
 * The sender counts the bytes of a round as the stream of changes counts its own, so a part that was
 * lost is a hole. Then the rest of the round is passed over, and asked for again from the last key
 * that is complete.
 */

import type { DocumentState } from './document-exchange.ts'
import { keyEnd, type DocumentKey } from './document-index.ts'
import * as limits from './limits.ts'
import type { DocumentPart, Documents } from './pull-frames.ts'

export interface Delivery {
  /** The offset that the next frame must have. */
  readonly expectedOffset: number
  /** Up to where we have acknowledged. */
  readonly settledOffset: number
  /** All that was asked for below this key has come. */
  readonly next: DocumentKey
  /** Whether something of this round was lost. */
  readonly isBroken: boolean
  readonly unfinished: Unfinished | undefined
  readonly waiting: readonly Waiting[]
  /** The offset at which the batch under way ends; undefined if there is none. */
  readonly joining: number | undefined
}

/** A document of which the first parts have come. */
interface Unfinished {
  readonly kind: string
  readonly id: string
  readonly size: number
  readonly bytes: number
  readonly parts: readonly Uint8Array[]
}

interface Waiting {
  readonly document: DocumentState
  /** The offset after it. */
  readonly end: number
}

export const empty: Delivery = {
  expectedOffset: 0,
  settledOffset: 0,
  next: 0,
  isBroken: false,
  unfinished: undefined,
  waiting: [],
  joining: undefined,
}

/** The delivery of a new round, from key `next` on, when all of the one before has been joined. */
export const nextRound = (next: DocumentKey): Delivery => ({ ...empty, next })

/** Whether nothing waits to be joined. */
export const isIdle = ({ waiting, joining }: Delivery): boolean =>
  waiting.length === 0 && joining === undefined

/** Whether all of the round has come. */
export const isComplete = ({ next }: Delivery): boolean => next === keyEnd

/** Puts a frame in its place; undefined if no honest peer would send it. */
export const arrive = (delivery: Delivery, frame: Documents): Delivery | undefined => {
  if (delivery.isBroken || frame.offset < delivery.expectedOffset) return delivery
  if (frame.offset > delivery.expectedOffset) {
    return { ...delivery, isBroken: true, unfinished: undefined }
  }
  const waiting: Waiting[] = []
  let { unfinished } = delivery
  let end = frame.offset
  for (const part of frame.parts) {
    end += part.bytes.length
    const taken = takePart(unfinished, part)
    if (!taken) return undefined
    unfinished = taken.bytes < taken.size ? taken : undefined
    if (!unfinished) waiting.push({ document: documentOf(taken), end })
  }
  if (end - delivery.settledOffset > limits.documentsInFlightBytesMax) return undefined
  // What is complete cannot have its last document in pieces.
  if (frame.next === keyEnd && unfinished) return undefined
  return {
    ...delivery,
    expectedOffset: end,
    next: Math.max(delivery.next, frame.next),
    unfinished,
    waiting: [...delivery.waiting, ...waiting],
  }
}

const takePart = (
  unfinished: Unfinished | undefined,
  { kind, id, size, at, bytes }: DocumentPart,
): Unfinished | undefined => {
  const so = unfinished ?? { kind, id, size, bytes: 0, parts: [] }
  const continues = so.kind === kind && so.id === id && so.size === size && so.bytes === at
  return continues ? { ...so, bytes: at + bytes.length, parts: [...so.parts, bytes] } : undefined
}

const documentOf = ({ kind, id, parts: [first, ...rest] }: Unfinished): DocumentState => ({
  kind,
  id,
  bytes: first && rest.length === 0 ? first : Buffer.concat([...(first ? [first] : []), ...rest]),
})

/** The next batch to join, if something waits and nothing is under way. */
export const nextBatch = (
  delivery: Delivery,
): { readonly delivery: Delivery; readonly documents: readonly DocumentState[] } | undefined => {
  const { waiting, joining } = delivery
  const [first] = waiting
  if (joining !== undefined || !first) return undefined
  let count = 0
  let bytes = 0
  let { end } = first
  for (const one of waiting) {
    if (count > 0 && bytes + one.document.bytes.length > limits.batchBytesMax) break
    count++
    bytes += one.document.bytes.length
    end = one.end
  }
  return {
    delivery: { ...delivery, waiting: waiting.slice(count), joining: end },
    documents: waiting.slice(0, count).map(({ document }) => document),
  }
}

/** The batch under way is durable. */
export const settle = (delivery: Delivery): Delivery => ({
  ...delivery,
  settledOffset: delivery.joining ?? delivery.settledOffset,
  joining: undefined,
})
