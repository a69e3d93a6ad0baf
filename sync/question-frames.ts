/**
 * Questions that one node asks another, and their answers: small, of no lasting account, and lost with
 * the session. What comes of an answer that matters is a change, and goes the changes' way.
 */

import * as codec from '../crdt/codec.ts'
import type { Decoder, Encoder } from '../crdt/codec.ts'
import * as fields from './frame-fields.ts'
import * as limits from './limits.ts'

export type QuestionFrame = Ask | Answer

export interface Ask {
  readonly kind: 'ask'
  /** Names the question in its session, for the answer. */
  readonly number: number
  /** What it is about: the receiver has an answerer for it, or none. */
  readonly topic: string
  readonly body: Uint8Array
}

export interface Answer {
  readonly kind: 'answer'
  readonly number: number
  /** Undefined if the receiver could not or would not answer. */
  readonly body: Uint8Array | undefined
}

export const write = (encoder: Encoder, frame: QuestionFrame): void => {
  codec.writeUint(encoder, frame.number)
  if (frame.kind === 'ask') {
    codec.writeText(encoder, frame.topic)
    codec.writeBytes(encoder, frame.body)
  } else {
    codec.writeByte(encoder, frame.body ? 1 : 0)
    if (frame.body) codec.writeBytes(encoder, frame.body)
  }
}

export const readers: {
  readonly [K in QuestionFrame['kind']]: (decoder: Decoder) => Extract<QuestionFrame, { kind: K }>
} = {
  ask: (decoder) => ({
    kind: 'ask',
    number: fields.readNumber(decoder),
    topic: fields.readMatching(decoder, topicPattern, 'A question has no proper topic'),
    body: readBody(decoder),
  }),
  answer: (decoder) => ({
    kind: 'answer',
    number: fields.readNumber(decoder),
    body: readFlag(decoder) ? readBody(decoder) : undefined,
  }),
}

/** Also what a topic may look like on the asking side. */
export const topicPattern = /^[a-z-]{1,32}$/

const readBody = (decoder: Decoder): Uint8Array => {
  const body = codec.readBytes(decoder)
  codec.check(body.length <= limits.questionBytesMax, 'A question or an answer is too long')
  return body
}

const readFlag = (decoder: Decoder): boolean => {
  const flag = codec.readByte(decoder)
  codec.check(flag <= 1, 'A flag is neither set nor clear')
  return flag === 1
}
