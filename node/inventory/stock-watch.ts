/** Who wants to be told when a variant is in stock again: accounts, by the variant. */

import { edit, schema, type Document } from '../../crdt/document.ts'
import * as orSet from '../../crdt/or-set.ts'
import type { VariantId } from '../catalog/ids.ts'
import { documentKind, draftDelta, type Decide } from '../core/capability.ts'
import { ok, refused } from '../result.ts'
import { watchersMax } from './limits.ts'
import { isSoldHere } from './stock-rules.ts'

export const stockWatch = schema('stock-watch', 1, {
  /** Ids of accounts. */
  watchers: [1, orSet.shape],
})

export type StockWatch = Document<typeof stockWatch.fields>

export const stockWatchKind = documentKind({
  schema: stockWatch,
  tables: [],
  project: () => ({}),
})

/** The accounts that wait, in no order that says anything. */
export const watchersOf = ({ store }: StockWatch): readonly string[] =>
  orSet.elements({ store: store.watchers })

export interface WatchInput {
  readonly variant: VariantId
  readonly account: string
}

export type WatchAnswer = { readonly variantId: string; readonly isWatching: boolean }

export const watch: Decide<WatchInput, WatchAnswer> = (world, { variant, account }) => {
  if (!isSoldHere(world, variant)) {
    return refused({ code: 'unknown_variant', detail: `There is no variant ${variant} to be sold` })
  }
  const before = world.read(stockWatch, variant)
  if (
    before.store.watchers.size >= watchersMax &&
    !orSet.has({ store: before.store.watchers }, account)
  ) {
    const detail = `At most ${watchersMax} accounts wait for one variant`
    return refused({ code: 'limit_reached', detail })
  }
  return ok({
    type: 'inventory.watch_began',
    deltas: [
      draftDelta(
        stockWatch,
        variant,
        edit(stockWatch, before, { watchers: (set) => orSet.add(set, world.replica, account) }),
      ),
    ],
    answer: { variantId: variant, isWatching: true },
  })
}

/** Ends the watch, whether there is one or not. */
export const unwatch: Decide<WatchInput, WatchAnswer> = (world, { variant, account }) =>
  ok({
    type: 'inventory.watch_ended',
    deltas: [
      draftDelta(
        stockWatch,
        variant,
        edit(stockWatch, world.read(stockWatch, variant), {
          watchers: (set) => orSet.remove(set, account),
        }),
      ),
    ],
    answer: { variantId: variant, isWatching: false },
  })
