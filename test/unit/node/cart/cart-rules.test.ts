import { describe, expect, test } from 'vitest'
import { applyIntents, type Intent } from '../../../../node/cart/cart-rules.ts'
import { accountCartId } from '../../../../node/cart/cart-id.ts'
import { mergeCart } from '../../../../node/cart/merge-rules.ts'
import { linesMax, quantityMax, tagsMax } from '../../../../node/cart/limits.ts'
import { viewCart } from '../../../../node/cart/view.ts'
import { cart } from '../../../../node/cart/cart.ts'
import { productIdOf } from '../../../../node/catalog/ids.ts'
import { changePrice, deleteProduct } from '../../../../node/catalog/product-rules.ts'
import { createRegion, meet, productInput, type Region } from '../catalog/region.ts'
import { account, act, guest, openShops, own, quantities, variantOf } from './shopping.ts'

const addTo = (region: Region, ...intents: readonly Intent[]) =>
  region.run(applyIntents, { id: guest, intents })

const addOf = (sku: string, quantity: number, id = `${sku}-${quantity}`): Intent => ({
  id,
  type: 'add',
  variantId: variantOf(sku),
  quantity,
})

const view = (region: Region) => viewCart(region.core, guest, region.core.read(cart, guest))

describe('intents', () => {
  test('are all done, or none', () => {
    const { alice } = openShops()
    const before = alice.changes()
    expect(addTo(alice, addOf('TEA', 1), addOf('NO SUCH THING', 1))).toEqual({
      refused: 'unknown_variant',
    })
    expect(quantities(alice)).toEqual({})
    expect(alice.changes()).toBe(before)
  })

  test('that were done before are passed over, the others done', () => {
    const { alice } = openShops()
    addTo(alice, addOf('TEA', 1, 'one'))
    addTo(alice, addOf('TEA', 1, 'one'), addOf('TEA', 2, 'two'))
    expect(quantities(alice)).toEqual({ TEA: 3 })
  })

  test('each see what those before them did', () => {
    const { alice } = openShops()
    addTo(
      alice,
      addOf('TEA', 5, '1'),
      { id: '2', type: 'set', variantId: variantOf('TEA'), quantity: 2 },
      addOf('TEA', 1, '3'),
      addOf('CAKE', 1, '4'),
      { id: '5', type: 'remove', variantId: variantOf('CAKE') },
    )
    expect(quantities(alice)).toEqual({ TEA: 3 })
  })

  test('cannot bring a line over its limit', () => {
    const { alice } = openShops()
    addTo(alice, addOf('TEA', quantityMax))
    expect(addTo(alice, addOf('TEA', 1))).toEqual({ refused: 'quantity_out_of_range' })
  })

  test('cannot bring a cart over its limit of lines', () => {
    const alice = createRegion()
    const many = Array.from({ length: linesMax + 1 }, (_, index) => `SKU-${index}`)
    for (const sku of many) alice.create(productInput({ sku }))
    expect(addTo(alice, ...many.slice(1).map((sku) => addOf(sku, 1)))).not.toHaveProperty('refused')
    expect(addTo(alice, addOf('SKU-0', 1))).toEqual({ refused: 'cart_line_limit' })
    expect(addTo(alice, addOf('SKU-1', 1, 'one more'))).not.toHaveProperty('refused')
  })

  test('cannot fill a cart with one add after another; setting the quantity makes room', () => {
    const { alice } = openShops()
    for (let at = 0; at < tagsMax; at += 100) {
      const half = at < tagsMax / 2 ? 'TEA' : 'CAKE'
      addTo(alice, ...Array.from({ length: 100 }, (_, index) => addOf(half, 1, `${at + index}`)))
    }
    expect(addTo(alice, addOf('TEA', 1))).toEqual({ refused: 'cart_line_limit' })
    act(alice, { does: 'set', sku: 'TEA', quantity: 501 })
    expect(quantities(alice)).toEqual({ TEA: 501, CAKE: 500 })
  })

  test('are refused for what is priced in another currency than the rest', () => {
    const { alice } = openShops()
    const price = { amount: 100, currency: 'EUR' }
    alice.create(productInput({ sku: 'BEER', price }))
    addTo(alice, addOf('TEA', 1))
    expect(addTo(alice, addOf('BEER', 1))).toEqual({ refused: 'currency_mismatch' })
    act(alice, { does: 'clear' })
    expect(addTo(alice, addOf('BEER', 1))).not.toHaveProperty('refused')
  })

  test('are refused for what is not sold any more, which can still be removed', () => {
    const { alice } = openShops()
    addTo(alice, addOf('TEA', 1))
    alice.run(deleteProduct, { id: productIdOf('TEA'), reason: 'bitter' })
    expect(addTo(alice, addOf('TEA', 2))).toEqual({ refused: 'unknown_variant' })
    act(alice, { does: 'remove', sku: 'TEA' })
    expect(quantities(alice)).toEqual({})
  })
})

describe('merging', () => {
  test("an account's cart into itself is refused", () => {
    const { alice } = openShops()
    expect(alice.run(mergeCart, { guest: own, own, account })).toEqual({
      refused: 'invalid_request',
    })
  })

  test('goes to the same cart in every region', () => {
    expect(accountCartId(account)).toBe(own)
    expect(accountCartId('dave')).not.toBe(own)
  })

  test('moves a full cart in one change that any node takes', () => {
    const { alice, bob } = openShops()
    for (let at = 0; at < tagsMax; at += 100) {
      const half = at < tagsMax / 2 ? 'TEA' : 'CAKE'
      addTo(alice, ...Array.from({ length: 100 }, (_, index) => addOf(half, 1, `${at + index}`)))
    }
    expect(act(alice, { does: 'merge' })).toEqual({ id: own })
    expect(quantities(alice, own)).toEqual({ TEA: 500, CAKE: 500 })
    meet(alice, bob)
    expect(quantities(bob, own)).toEqual({ TEA: 500, CAKE: 500 })
  })
})

describe('a cart as it is shown', () => {
  test("has today's prices and their sum", () => {
    const { alice } = openShops()
    addTo(alice, addOf('TEA', 2), addOf('CAKE', 1))
    const id = productIdOf('TEA')
    alice.run(changePrice, { id, price: { amount: 300, currency: 'USD' }, reason: null })
    expect(view(alice)).toMatchObject({
      id: guest,
      lines: [
        { name: 'TEA', quantity: 2, unitPrice: { amount: 300 }, lineTotal: { amount: 600 } },
        { name: 'CAKE', quantity: 1, unitPrice: { amount: 4_900 } },
      ],
      problems: [],
      itemCount: 3,
      subtotal: { amount: 5_500, currency: 'USD' },
    })
  })

  test('says what is not sold any more, and leaves it out of the sum', () => {
    const { alice } = openShops()
    addTo(alice, addOf('TEA', 2), addOf('CAKE', 1))
    alice.run(deleteProduct, { id: productIdOf('TEA'), reason: 'bitter' })
    expect(view(alice)).toMatchObject({
      lines: [{ name: 'TEA', unitPrice: null, lineTotal: null, available: 0 }, {}],
      problems: [{ code: 'variant_unavailable', variantId: variantOf('TEA') }],
      subtotal: { amount: 4_900 },
    })
  })

  test('says what there is too little of', () => {
    const alice = createRegion()
    alice.create(productInput({ sku: 'TEA', initialQuantity: 2 }))
    addTo(alice, addOf('TEA', 3))
    expect(view(alice)).toMatchObject({
      lines: [{ available: 2 }],
      problems: [{ code: 'insufficient_stock' }],
    })
  })

  test('says what two regions made too much of between them', () => {
    const { alice, bob } = openShops()
    addTo(alice, addOf('TEA', quantityMax, 'here'))
    addTo(bob, addOf('TEA', quantityMax, 'there'))
    meet(alice, bob)
    expect(view(bob).problems).toMatchObject([{ code: 'quantity_over_limit' }])
  })

  test('without lines has no sum', () => {
    const { alice } = openShops()
    expect(view(alice)).toMatchObject({ lines: [], problems: [], itemCount: 0, subtotal: null })
  })
})
