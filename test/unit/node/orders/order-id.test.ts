import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { replicaIdOf } from '../../../../crdt/dot.ts'
import {
  isOrderId,
  orderIdOf,
  orderNumber,
  randomOrderId,
} from '../../../../node/orders/order-id.ts'

const replica = fc.uint8Array({ minLength: 8, maxLength: 8 }).map(replicaIdOf)

describe('an order id', () => {
  it('follows from who asked under which key, and from nothing else', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (who, key) => {
        const id = orderIdOf(who, key)
        expect(isOrderId(id)).toBe(true)
        expect(orderIdOf(who, key)).toBe(id)
        expect(orderIdOf(who, `${key}'`)).not.toBe(id)
        expect(orderIdOf(`${who}'`, key)).not.toBe(id)
      }),
    )
  })

  it('is made of random bytes for a request without a key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 13, maxLength: 13 }), (bytes) => {
        expect(isOrderId(randomOrderId(bytes))).toBe(true)
      }),
    )
  })
})

describe('an order number', () => {
  it('names the node, the replica and the how-many-eth order of it', () => {
    expect(orderNumber('eu', replicaIdOf(new Uint8Array(8).fill(255)), 42)).toBe('EU-ZZZZ-ZZZZ-42')
    expect(orderNumber('eu', replicaIdOf(new Uint8Array(8)), 1)).toBe('EU-0000-0000-1')
  })

  it('is another for every order of a replica, and for replicas that differ in their first forty bits', () => {
    fc.assert(
      fc.property(replica, replica, fc.nat(), fc.nat(), (a, b, x, y) => {
        const isSame = a.slice(0, 10) === b.slice(0, 10) && x === y
        expect(orderNumber('eu', a, x) === orderNumber('eu', b, y)).toBe(isSame)
      }),
    )
  })
})
