/** What a node asks another that has rights to sell, and what it is told, as bytes. */

import * as codec from '../../crdt/codec.ts'
import type { Dot } from '../../crdt/dot.ts'
import { parseStockId, type StockId } from './location-id.ts'

export const topic = 'stock-rights'

export interface RightsQuestion {
  readonly stock: StockId
  /** Names the question, so that asking it again gets the same units and no more. */
  readonly name: string
  /** Units that somebody waits for. */
  readonly needed: number
  /** Units beyond those that would come in useful before long. */
  readonly wished: number
  /** Units that the asker has left, to know what a fair share is. */
  readonly left: number
  /** How many units the asker sells in a minute, by its recent demand. */
  readonly perMinute: number
}

export type RightsAnswer =
  /** The change that hands them over is this one of the granter's. */
  { readonly units: number; readonly change: Dot } | { readonly units: 0 }

const version = 1

export const encodeQuestion = (question: RightsQuestion): Uint8Array =>
  codec.encode((encoder) => {
    codec.writeByte(encoder, version)
    codec.writeText(encoder, question.stock)
    codec.writeText(encoder, question.name)
    codec.writeUint(encoder, question.needed)
    codec.writeUint(encoder, question.wished)
    codec.writeUint(encoder, question.left)
    codec.writeUint(encoder, question.perMinute)
  })

/** Throws a `DecodeError` if the bytes are no question. */
export const decodeQuestion = (bytes: Uint8Array): RightsQuestion =>
  codec.decode(bytes, (decoder) => {
    codec.check(codec.readByte(decoder) === version, 'A question has an unknown version')
    const stock = codec.readText(decoder)
    codec.check(parseStockId(stock) !== undefined, 'A question is about no stock')
    const name = codec.readText(decoder)
    codec.check(/^[0-9a-f]{16}$/.test(name), 'A question has no name')
    return {
      stock: stock as StockId,
      name,
      needed: codec.readUint(decoder),
      wished: codec.readUint(decoder),
      left: codec.readUint(decoder),
      perMinute: codec.readUint(decoder),
    }
  })

export const encodeAnswer = (answer: RightsAnswer): Uint8Array =>
  codec.encode((encoder) => {
    codec.writeByte(encoder, version)
    codec.writeUint(encoder, answer.units)
    if (!('change' in answer)) return
    codec.writeReplica(encoder, answer.change.replica)
    codec.writeUint(encoder, answer.change.counter)
  })

/** Throws a `DecodeError` if the bytes are no answer. */
export const decodeAnswer = (bytes: Uint8Array): RightsAnswer =>
  codec.decode(bytes, (decoder) => {
    codec.check(codec.readByte(decoder) === version, 'An answer has an unknown version')
    const units = codec.readUint(decoder)
    if (units === 0) return { units }
    const replica = codec.readReplica(decoder)
    return { units, change: { replica, counter: codec.readUint(decoder) } }
  })
