/** An order's id, which follows from who asked under which key, and the number that people read. */

import { hash } from 'node:crypto'
import type { ReplicaId } from '../../crdt/dot.ts'

/** 26 hexadecimal digits. */
export type OrderId = string & { readonly brand: 'OrderId' }

export const isOrderId = (text: string): text is OrderId => /^[0-9a-f]{26}$/.test(text)

/**
 * The order that `who` means by an idempotency key: the same request is the same order in every
 * region, whether or not the regions can talk.
 */
export const orderIdOf = (who: string, key: string): OrderId =>
  hash('sha256', `order of ${who}\n${key}`).slice(0, 26) as OrderId

/** The id of an order that was asked for without a key, of 13 random bytes. */
export const randomOrderId = (random: Uint8Array): OrderId =>
  Buffer.from(random).toString('hex').slice(0, 26) as OrderId

/**
 * `EU-7K3M-9QXW-42`: the node, forty bits of its replica, and the how-many-eth order that this is of
 * it. A replica is minted at every start, so that nobody has to be asked which numbers are free; forty
 * bits, because two starts of one node in ten years would have to share them to share a number.
 */
export const orderNumber = (node: string, replica: ReplicaId, ordinal: number): string => {
  const bits = Number.parseInt(replica.slice(0, 10), 16)
  const letters = Array.from(
    { length: 8 },
    (_, at) => alphabet[Math.floor(bits / 32 ** (7 - at)) % 32],
  ).join('')
  return `${node.toUpperCase()}-${letters.slice(0, 4)}-${letters.slice(4)}-${ordinal}`
}

// Crockford's base 32: nothing in it is taken for something else over the telephone.
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
