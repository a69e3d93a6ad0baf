/**
 * A market for tests: regions whose documents lie in memory and whose rules run at once, so that a
 * property may open hundreds of shops. What one region does, others hear when the test delivers it.
 */

import type { Document, Schema } from '../../../../crdt/document.ts'
import { replicaIdOf, type ReplicaId } from '../../../../crdt/dot.ts'
import type { Value } from '../../../../crdt/value.ts'
import { productIdOf, variantIdOf, type VariantId } from '../../../../node/catalog/ids.ts'
import { createSkuOwners } from '../../../../node/catalog/sku-owners.ts'
import type { ProductInput } from '../../../../node/catalog/product-input.ts'
import { createProduct } from '../../../../node/catalog/product-rules.ts'
import type { Decide, DraftDelta, World } from '../../../../node/core/capability.ts'
import type { ErrorCode } from '../../../../node/errors.ts'
import { quote, type Quote, type QuoteAsk } from '../../../../node/pricing/quote.ts'
import {
  allGoods,
  promotionRules,
  type PromotionInput,
} from '../../../../node/promotions/promotion.ts'
import { productInput, startMs } from '../catalog/region.ts'

export interface Market {
  readonly replica: () => ReplicaId
  /** Starts the region anew, as its next replica. */
  restart(): void
  world(): World
  run<Input, Answer extends Value>(
    decide: Decide<Input, Answer>,
    input: Input,
  ): Answer | { readonly refused: ErrorCode }
  /** Takes deltas in, own ones or others'. */
  join(deltas: readonly DraftDelta[]): void
  /** All that was done here, in order. */
  readonly done: DraftDelta[][]
  sell(fields: Partial<ProductInput> & { readonly sku: string }): VariantId
  promote(id: string, fields: Partial<PromotionInput>): void
  quote(ask: Partial<QuoteAsk>): Quote
}

let minted = 0

const mint = (): ReplicaId => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setUint32(4, ++minted)
  return replicaIdOf(bytes)
}

export const createMarket = (clock = { ms: startMs }): Market => {
  const documents = new Map<string, Document>()
  const lineage: ReplicaId[] = [mint()]
  const done: DraftDelta[][] = []
  const keyOf = ({ kind }: Pick<Schema, 'kind'>, id: string) => `${kind}/${id}`
  const replica = () => lineage[0] as ReplicaId

  const world = (): World => ({
    replica: replica(),
    lineage: [...lineage],
    time: { wallMs: clock.ms, logical: 0, replica: replica() },
    read: (schema, id) => (documents.get(keyOf(schema, id)) ?? schema.bottom) as never,
    exists: (schema, id) => documents.has(keyOf(schema, id)),
    isAnswered: () => false,
  })

  const join = (deltas: readonly DraftDelta[]) => {
    for (const { schema, id, delta } of deltas) {
      const key = keyOf(schema, id)
      documents.set(key, schema.join(documents.get(key) ?? schema.bottom, delta))
    }
  }

  const run: Market['run'] = (decide, input) => {
    clock.ms++
    const decided = decide(world(), input)
    if (!decided.ok) return { refused: decided.refusal.code }
    // As every other region will read it: what cannot be written and read again is no delta.
    const deltas = decided.value.deltas.map(({ schema, id, delta }) => ({
      schema,
      id,
      delta: schema.decode(schema.encode(delta)),
    }))
    done.push(deltas)
    join(deltas)
    return decided.value.answer
  }

  return {
    replica,
    restart: () => lineage.unshift(mint()),
    world,
    run,
    join,
    done,
    sell: (fields) => {
      run(createProduct(createSkuOwners({ skuOwners: () => [] })), productInput(fields))
      return variantIdOf(productIdOf(fields.sku), fields.sku)
    },
    promote: (id, fields) => {
      run(promotionRules.create, { ...promotionInput(fields), id })
    },
    quote: (ask) => quote(world(), { ...quoteAsk, nowMs: clock.ms, ...ask }),
  }
}

export const quoteAsk: QuoteAsk = {
  lines: [],
  coupons: [],
  address: undefined,
  shippingMethod: undefined,
  customer: undefined,
  nowMs: startMs,
}

/** A promotion of everything, at all times, by itself, together with others. */
export const promotionInput = (fields: Partial<PromotionInput> = {}): PromotionInput => ({
  name: 'Summer',
  benefit: { kind: 'percentage', ppm: 100_000 },
  scope: allGoods,
  minSubtotal: null,
  season: { startsMs: null, endsMs: null },
  needsCoupon: false,
  isCombinable: true,
  ...fields,
})
