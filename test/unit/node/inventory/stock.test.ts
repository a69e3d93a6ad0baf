import { describe, expect, test } from 'vitest'
import { productIdOf, variantIdOf } from '../../../../node/catalog/ids.ts'
import { available, stock } from '../../../../node/inventory/stock.ts'
import { createClock, createRegion, meet, productInput } from '../catalog/region.ts'

const lamp = variantIdOf(productIdOf('LAMP'), 'LAMP')

describe('the stock of a variant', () => {
  test('is not counted unless somebody said how much there is', () => {
    const alice = createRegion()
    alice.create(productInput())
    expect(available(alice.core.read(stock, lamp))).toBeUndefined()
  })

  test('is what came in, and none is counted too', () => {
    const alice = createRegion()
    alice.create(productInput({ initialQuantity: 3 }))
    alice.create(productInput({ sku: 'CHAIR', initialQuantity: 0 }))
    expect(available(alice.core.read(stock, lamp))).toBe(3)
    const chair = variantIdOf(productIdOf('CHAIR'), 'CHAIR')
    expect(available(alice.core.read(stock, chair))).toBe(0)
  })

  test('is what came in at all regions together', () => {
    const clock = createClock()
    const [alice, bob] = [createRegion(clock), createRegion(clock)]
    alice.create(productInput({ initialQuantity: 3 }))
    bob.create(productInput({ initialQuantity: 4 }))
    meet(alice, bob)
    expect(available(bob.core.read(stock, lamp))).toBe(7)
    expect(alice.shown(productIdOf('LAMP'))?.variants[0]?.available).toBe(7)
  })
})
