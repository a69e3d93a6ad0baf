import { describe, expect, test } from 'vitest'
import { productIdOf, variantIdOf } from '../../../../node/catalog/ids.ts'
import { mainLocation, parseStockId, stockIdOf } from '../../../../node/inventory/location-id.ts'
import { available, modeOf, sellable, stockAt } from '../../../../node/inventory/stock.ts'
import { createClock, createRegion, meet, productInput, type Region } from '../catalog/region.ts'

const lamp = variantIdOf(productIdOf('LAMP'), 'LAMP')
const stockOf = ({ core }: Region, variant = lamp) => stockAt(core, variant, mainLocation)

describe('the stock of a variant', () => {
  test('is not counted unless somebody said how much there is', () => {
    const alice = createRegion()
    alice.create(productInput())
    expect(available(stockOf(alice))).toBeUndefined()
    expect(modeOf(stockOf(alice))).toBe('untracked')
    expect(sellable(alice.core, lamp)).toBeUndefined()
  })

  test('is what came in, and none is counted too', () => {
    const alice = createRegion()
    alice.create(productInput({ initialQuantity: 3 }))
    alice.create(productInput({ sku: 'CHAIR', initialQuantity: 0 }))
    expect(available(stockOf(alice))).toBe(3)
    const chair = variantIdOf(productIdOf('CHAIR'), 'CHAIR')
    expect(available(stockOf(alice, chair))).toBe(0)
    expect(sellable(alice.core, chair)).toBe(0)
  })

  test('is what came in at all regions together', () => {
    const clock = createClock()
    const [alice, bob] = [createRegion(clock), createRegion(clock)]
    alice.create(productInput({ initialQuantity: 3 }))
    bob.create(productInput({ initialQuantity: 4 }))
    meet(alice, bob)
    expect(available(stockOf(bob))).toBe(7)
    expect(alice.shown(productIdOf('LAMP'))?.variants[0]?.available).toBe(7)
  })
})

describe('the id of a stock', () => {
  test('names the variant and the location', () => {
    expect(parseStockId(stockIdOf(lamp, mainLocation))).toEqual({
      variant: lamp,
      location: 'main',
    })
  })

  test.each(['', lamp, `${lamp}.`, `${lamp}.Main`, `${lamp}.-a`, `x.main`, `${lamp}.main.main`])(
    'is none of these: %j',
    (text) => expect(parseStockId(text)).toBeUndefined(),
  )
})
