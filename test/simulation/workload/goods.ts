/** What the simulated shop deals in: few things with few words, so that many hands meet on them. */

import { cartIdOf, type CartId } from '../../../node/cart/cart-id.ts'
import {
  productIdOf,
  variantIdOf,
  type ProductId,
  type VariantId,
} from '../../../node/catalog/ids.ts'
import type { Plan } from '../plan.ts'
import { createRandom } from '../world/random.ts'

export interface Goods {
  readonly skus: readonly string[]
  readonly products: readonly ProductId[]
  readonly variants: readonly VariantId[]
  readonly carts: readonly CartId[]
  readonly stocks: readonly string[]
  readonly accounts: readonly string[]
}

export const words = ['red', 'green', 'blue', 'new', 'sale'] as const
export const brands = ['Harbour', 'Tide', null] as const
export const paths = [
  ['Home'],
  ['Home', 'Lamps'],
  ['Garden'],
  ['Garden', 'Lamps', 'Solar'],
] as const
export const images = ['https://i.test/1.png', 'https://i.test/2.png'] as const

export const createGoods = ({ seed, goods }: Pick<Plan, 'seed' | 'goods'>): Goods => {
  const random = createRandom(`${seed}/goods`)
  const skus = Array.from({ length: goods.products }, (_, index) => `SKU-${index}`)
  return {
    skus,
    products: skus.map(productIdOf),
    variants: skus.map((sku) => variantIdOf(productIdOf(sku), sku)),
    carts: Array.from({ length: goods.carts }, () => cartIdOf(random.bytes(13))),
    stocks: Array.from({ length: goods.stocks }, (_, index) => `stock-${index}`),
    accounts: ['ann', 'ben'],
  }
}
