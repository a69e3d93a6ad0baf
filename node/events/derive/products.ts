/** What a change says of products and their stock. */

import { productOf } from '../../catalog/ids.ts'
import * as lwwRegister from '../../../crdt/lww-register.ts'
import type { Value } from '../../../crdt/value.ts'
import {
  deletionOf,
  priceOf,
  product,
  text,
  variantFieldsOf,
  type Product,
} from '../../catalog/product.ts'
import { isFields, isNatural, isText } from '../../guards.ts'
import { parseStockId } from '../../inventory/location-id.ts'
import { stock } from '../../inventory/stock.ts'
import type { Fact } from '../event.ts'
import { fieldsWritten, type Said } from './said.ts'

export const productFacts = (said: Said): readonly Fact[] => [
  ...said.deltas(product).flatMap((one) => factsOf(said, one)),
  ...stockFacts(said),
]

const factsOf = (
  said: Said,
  { id, delta }: { readonly id: string; readonly delta: Product },
): readonly Fact[] => {
  const subject = `products/${id}`
  const { store } = delta
  if (store.created.size > 0) {
    return [
      {
        type: 'product.created',
        subject,
        data: {
          productId: id,
          sku: text(store.sku),
          name: text(store.name),
          brand: lwwRegister.read<string | null>({ store: store.brand }) ?? null,
          price: { ...priceOf(delta) },
          variants: variantFieldsOf(delta).map(([variantId, { sku }]) => ({ variantId, sku })),
        },
      },
    ]
  }
  const updated: Fact = {
    type: 'product.updated',
    subject,
    data: {
      productId: id,
      fields: [...fieldsWritten(product, delta)],
      isDeleted: deletionOf(delta) !== undefined,
    },
  }
  if (store.price.size === 0) return [updated]
  const { before = null, reason = null } = said.details
  return [
    updated,
    {
      type: 'product.price.changed',
      subject,
      data: {
        productId: id,
        price: { ...priceOf(delta) },
        before: moneyOf(before),
        reason: isText(reason) ? reason : null,
      },
    },
  ]
}

const moneyOf = (value: Value): { amount: number; currency: string } | null => {
  if (!isFields(value)) return null
  const { amount = null, currency = null } = value
  return isNatural(amount) && isText(currency) ? { amount, currency } : null
}

// Rights pass from node to node without a unit moving; what a checkout holds is sold when it is placed.
const isStill = (type: string): boolean =>
  /^(inventory\.(rights_|mode_set|threshold_set|holds_swept)|estate\.|checkout\.)/.test(type)

const stockFacts = (said: Said): readonly Fact[] => {
  if (isStill(said.type)) return []
  return said.deltas(stock).flatMap(({ id, delta }): readonly Fact[] => {
    const place = parseStockId(id)
    if (!place || (delta.store.units.size === 0 && delta.store.owed.size === 0)) return []
    const { variant: variantId, location: locationId } = place
    const data = { productId: productOf(variantId), variantId, locationId, cause: said.type }
    const subject = `products/${data.productId}`
    return [
      { type: 'product.inventory.updated', subject, data },
      { type: 'inventory.updated', subject, data },
    ]
  })
}
