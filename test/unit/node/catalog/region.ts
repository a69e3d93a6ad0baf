/** A region for tests: a core with all that the shop knows, whose clock and chance belong to the test. */

import { onTestFinished } from 'vitest'
import type { Value } from '../../../../crdt/value.ts'
import { createCatalogQueries } from '../../../../node/catalog/queries.ts'
import { createSkuOwners } from '../../../../node/catalog/sku-owners.ts'
import { createProduct, putProduct } from '../../../../node/catalog/product-rules.ts'
import type { ProductInput } from '../../../../node/catalog/product-input.ts'
import type { ProductId } from '../../../../node/catalog/ids.ts'
import type { ProductView } from '../../../../node/catalog/product.ts'
import type { Decide } from '../../../../node/core/capability.ts'
import { createChangeLog } from '../../../../node/core/change-log.ts'
import { createCore, type Command, type RequestId } from '../../../../node/core/core.ts'
import * as digest from '../../../../node/core/digest.ts'
import { createSqliteStore } from '../../../../node/core/sqlite-store.ts'
import type { ErrorCode } from '../../../../node/errors.ts'
import * as shop from '../../../../node/shop.ts'

export const startMs = Date.UTC(2026, 5, 1, 12)

export interface Clock {
  ms: number
  now(): number
}

/** A clock that several regions may share; every command takes a millisecond of it. */
export const createClock = (): Clock => {
  const clock = { ms: startMs, now: () => clock.ms }
  return clock
}

let minted = 0

export const createRegion = (clock: Clock = createClock()) => {
  const store = createSqliteStore({
    file: ':memory:',
    readModelSql: shop.readModelSql,
    readModelTables: shop.readModelTables,
  })
  onTestFinished(() => store.close())
  const random = (bytes: number): Uint8Array => {
    const made = new Uint8Array(bytes)
    new DataView(made.buffer).setUint32(bytes - 4, ++minted)
    return made
  }
  const core = createCore({ store, kinds: shop.kinds, clock, random })
  const queries = createCatalogQueries(store.database)
  const skuOwners = createSkuOwners(queries)

  /** Runs a rule at once: its answer, or the code of its refusal. */
  const run = <Input, Answer extends Value>(
    decide: Decide<Input, Answer>,
    input: Input,
    { actor = 'account/admin', request }: { actor?: string; request?: RequestId } = {},
  ): Answer | { readonly refused: ErrorCode } => {
    clock.ms++
    const command: Command<Input, Answer> = { decide, input, actor, ...(request && { request }) }
    const [result] = core.execute([command as Command])
    if (!result || 'thrown' in result) throw new Error('The rule threw', { cause: result?.thrown })
    return result.ok ? (result.value.answer as Answer) : { refused: result.refusal.code }
  }

  return {
    store,
    core,
    clock,
    queries,
    skuOwners,
    log: createChangeLog(core, store),
    run,
    create: (input: ProductInput) => run(createProduct(skuOwners), input),
    put: (input: ProductInput) => run(putProduct(skuOwners), input),
    /** The product as it is shown; undefined if it is not there to be sold. */
    shown: (id: ProductId): ProductView | undefined => {
      const json = queries.product(id)
      return json === undefined ? undefined : (JSON.parse(json) as ProductView)
    },
    digest: () => digest.toHex(core.state().digest),
    changes: () => store.endPosition(),
  }
}

export type Region = ReturnType<typeof createRegion>

/** Sends to `to` what it lacks of `from`. */
export const send = (from: Region, to: Region): void => {
  const { entries } = from.log.read(from.log.positionFor(to.log.vector()), Infinity)
  if (entries.length > 0) to.core.receive(entries.map(({ bytes }) => bytes))
}

/** Brings each what the other lacks. */
export const meet = (alice: Region, bob: Region): void => {
  send(alice, bob)
  send(bob, alice)
}

/** A product that is valid in every part; what is given stands in the place of its fields. */
export const productInput = (fields: Partial<ProductInput> = {}): ProductInput => ({
  sku: 'LAMP',
  name: 'Harbour Lamp',
  description: '',
  brand: null,
  categories: [],
  tags: [],
  images: [],
  popularity: 0,
  price: { amount: 4_900, currency: 'USD' },
  initialQuantity: undefined,
  variants: [],
  ...fields,
})
