/** A log with as many events as a benchmark wants, made by the real core: prices that go up and down. */

import { randomBytes } from 'node:crypto'
import { productIdOf } from '../../node/catalog/ids.ts'
import { changePrice, createProduct } from '../../node/catalog/product-rules.ts'
import type { ProductInput } from '../../node/catalog/product-input.ts'
import { createSkuOwners } from '../../node/catalog/sku-owners.ts'
import { createCatalogQueries } from '../../node/catalog/queries.ts'
import { createCore, type Command } from '../../node/core/core.ts'
import { createSqliteStore } from '../../node/core/sqlite-store.ts'
import * as shop from '../../node/shop.ts'

/** A price change says two things: that a product was updated, and its new price. */
export const eventsPerChange = 2

export const productsCount = 500

export const openLog = (file: string) => {
  const store = createSqliteStore({
    file,
    readModelSql: shop.readModelSql,
    readModelTables: shop.readModelTables,
  })
  const core = createCore({
    store,
    kinds: shop.kinds,
    clock: { now: () => Date.now() },
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
  })
  const owners = createSkuOwners(createCatalogQueries(store.database))
  const actor = 'account/bench'
  core.execute(
    Array.from({ length: productsCount }, (_, number): Command => {
      const command: Command<ProductInput> = {
        decide: createProduct(owners),
        input: productInput(`P${number}`),
        actor,
      }
      return command as Command
    }),
  )
  // What was created has been told by events of its own; these are not counted.
  const begin = store.endPosition()
  let made = 0
  return {
    store,
    begin,
    change: (count: number): void => {
      const commands = Array.from({ length: count }, () => {
        const number = made++
        const command: Command<Parameters<typeof changePrice>[1]> = {
          decide: changePrice,
          input: {
            id: productIdOf(`P${number % productsCount}`),
            price: { amount: 1_000 + number, currency: 'USD' },
            reason: null,
          },
          actor,
        }
        return command as Command
      })
      for (let at = 0; at < count; at += 1_000) core.execute(commands.slice(at, at + 1_000))
    },
    close: () => store.close(),
  }
}

const productInput = (sku: string): ProductInput => ({
  sku,
  name: sku,
  description: '',
  brand: null,
  categories: [],
  tags: [],
  images: [],
  popularity: 0,
  price: { amount: 999, currency: 'USD' },
  initialQuantity: undefined,
  variants: [],
})
