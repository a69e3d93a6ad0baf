/** What is kept for later. */

import { describe, expect, test } from 'vitest'
import { applyIntents } from '../../../../node/cart/cart-rules.ts'
import { cart } from '../../../../node/cart/cart.ts'
import { linesMax, quantityMax } from '../../../../node/cart/limits.ts'
import { viewCart } from '../../../../node/cart/view.ts'
import { productIdOf } from '../../../../node/catalog/ids.ts'
import { changePrice, deleteProduct } from '../../../../node/catalog/product-rules.ts'
import { productInput, type Region } from '../catalog/region.ts'
import { account, act, guest, openShops, own, quantities, variantOf } from './shopping.ts'

const view = (region: Region) => viewCart(region.core, guest, region.core.read(cart, guest))
const saved = (region: Region, id = guest) => quantities(region, id, 'saved')

describe('a line that is kept for later', () => {
  test('is no part of the sums, and has its price as of today', () => {
    const { alice } = openShops()
    act(alice, { does: 'add', sku: 'TEA', quantity: 2 })
    act(alice, { does: 'add', sku: 'CAKE', quantity: 1 })
    act(alice, { does: 'save', sku: 'TEA' })
    const price = { amount: 100, currency: 'USD' }
    alice.run(changePrice, { id: productIdOf('TEA'), price, reason: null })
    expect(view(alice)).toMatchObject({
      lines: [{ name: 'CAKE' }],
      saved: [{ name: 'TEA', quantity: 2, unitPrice: price, available: null }],
      itemCount: 1,
      subtotal: { amount: 4_900 },
    })
  })

  test('comes back to what is in the cart by then', () => {
    const { alice } = openShops()
    act(alice, { does: 'add', sku: 'TEA', quantity: 2 })
    act(alice, { does: 'save', sku: 'TEA' })
    act(alice, { does: 'add', sku: 'TEA', quantity: 3 })
    act(alice, { does: 'unsave', sku: 'TEA' })
    expect([quantities(alice), saved(alice)]).toEqual([{ TEA: 5 }, {}])
  })

  test('adds up with what was kept before, and stays when the cart is cleared', () => {
    const { alice } = openShops()
    for (const quantity of [2, 3]) {
      act(alice, { does: 'add', sku: 'TEA', quantity })
      act(alice, { does: 'save', sku: 'TEA' })
    }
    act(alice, { does: 'clear' })
    expect(saved(alice)).toEqual({ TEA: 5 })
    act(alice, { does: 'discard', sku: 'TEA' })
    expect(saved(alice)).toEqual({})
  })

  test('is nothing where there is no line, and nothing comes back', () => {
    const { alice } = openShops()
    act(alice, { does: 'save', sku: 'TEA' })
    act(alice, { does: 'unsave', sku: 'TEA' })
    expect([quantities(alice), saved(alice)]).toEqual([{}, {}])
  })

  test('of a product that is not sold any more stays, and does not come back', () => {
    const { alice } = openShops()
    act(alice, { does: 'add', sku: 'TEA', quantity: 1 })
    alice.run(deleteProduct, { id: productIdOf('TEA'), reason: '' })
    expect(act(alice, { does: 'save', sku: 'TEA' })).toEqual({ id: guest })
    expect(act(alice, { does: 'unsave', sku: 'TEA' })).toEqual({ refused: 'unknown_variant' })
    expect(view(alice).saved).toMatchObject([{ unitPrice: null, available: 0 }])
  })

  test('moves with the cart at sign-in, and back', () => {
    const { alice } = openShops()
    act(alice, { does: 'add', sku: 'TEA', quantity: 2 })
    act(alice, { does: 'save', sku: 'TEA' })
    act(alice, { does: 'merge' })
    expect([saved(alice), saved(alice, own)]).toEqual([{}, { TEA: 2 }])
    act(alice, { does: 'unmerge' })
    expect([saved(alice), saved(alice, own)]).toEqual([{ TEA: 2 }, {}])
    expect(account).toBe('carol')
  })

  test('within one request is what the intents before it left', () => {
    const { alice } = openShops()
    const variantId = variantOf('TEA')
    alice.run(applyIntents, {
      id: guest,
      intents: [
        { id: 'a', type: 'add', variantId, quantity: 2 },
        { id: 'b', type: 'save', variantId },
        { id: 'c', type: 'add', variantId, quantity: 1 },
        { id: 'd', type: 'unsave', variantId },
      ],
    })
    expect([quantities(alice), saved(alice)]).toEqual([{ TEA: 3 }, {}])
  })
})

describe('what is kept for later has limits', () => {
  test('of units: more than a line may hold does not come back', () => {
    const { alice } = openShops()
    act(alice, { does: 'add', sku: 'TEA', quantity: quantityMax })
    act(alice, { does: 'save', sku: 'TEA' })
    act(alice, { does: 'add', sku: 'TEA', quantity: 1 })
    expect(act(alice, { does: 'unsave', sku: 'TEA' })).toEqual({ refused: 'quantity_out_of_range' })
    act(alice, { does: 'save', sku: 'TEA' })
    expect(saved(alice)).toEqual({ TEA: quantityMax })
  })

  test('of lines', () => {
    const { alice } = openShops()
    const skus = Array.from({ length: linesMax + 1 }, (_, at) => `SKU-${at}`)
    const answers = skus.map((sku) => {
      alice.create(productInput({ sku }))
      const variantId = variantOf(sku)
      return alice.run(applyIntents, {
        id: guest,
        intents: [
          { id: `add-${sku}`, type: 'add', variantId, quantity: 1 },
          { id: `save-${sku}`, type: 'save', variantId },
        ],
      })
    })
    expect(answers.filter((answer) => 'refused' in answer)).toEqual([
      { refused: 'cart_line_limit' },
    ])
  })
})
