/** What a node asks another that has uses of a coupon, and what it is told, as bytes. */

import * as codec from '../../crdt/codec.ts'
import type { Dot } from '../../crdt/dot.ts'
import { couponCodeOf, type CouponCode } from './coupon.ts'

export const couponTopic = 'coupon-uses'

export interface CouponQuestion {
  /** Names the question, so that asking it again gets the same uses and no more. */
  readonly name: string
  readonly code: CouponCode
  /** Whose own uses are wanted, too. */
  readonly customer: string | undefined
}

/** The granter's change that hands uses over; undefined if it had none. */
export type CouponReply = Dot | undefined

const version = 1

export const encodeQuestion = ({ name, code, customer = '' }: CouponQuestion): Uint8Array =>
  codec.encode((encoder) => {
    codec.writeByte(encoder, version)
    codec.writeText(encoder, name)
    codec.writeText(encoder, code)
    codec.writeText(encoder, customer)
  })

/** Throws a `DecodeError` if the bytes are no question. */
export const decodeQuestion = (bytes: Uint8Array): CouponQuestion =>
  codec.decode(bytes, (decoder) => {
    codec.check(codec.readByte(decoder) === version, 'A question has an unknown version')
    const name = codec.readText(decoder)
    codec.check(/^[0-9a-f]{16}$/.test(name), 'A question has no name')
    const text = codec.readText(decoder)
    const code = couponCodeOf(text)
    codec.check(code === text, 'A question is about no coupon')
    const customer = codec.readText(decoder)
    codec.check(/^([0-9a-f]{32})?$/.test(customer), 'A question is about no customer')
    return { name, code: text as CouponCode, customer: customer === '' ? undefined : customer }
  })

export const encodeReply = (change: CouponReply): Uint8Array =>
  codec.encode((encoder) => {
    codec.writeByte(encoder, version)
    codec.writeByte(encoder, change ? 1 : 0)
    if (!change) return
    codec.writeReplica(encoder, change.replica)
    codec.writeUint(encoder, change.counter)
  })

/** Throws a `DecodeError` if the bytes are no reply. */
export const decodeReply = (bytes: Uint8Array): CouponReply =>
  codec.decode(bytes, (decoder) => {
    codec.check(codec.readByte(decoder) === version, 'A reply has an unknown version')
    const has = codec.readByte(decoder)
    codec.check(has <= 1, 'A reply says neither yes nor no')
    if (has === 0) return undefined
    const replica = codec.readReplica(decoder)
    return { replica, counter: codec.readUint(decoder) }
  })
