/** The stock of a variant as it is shown: what can be sold, by whom, and where it lies. */

import type { VariantId } from '../catalog/ids.ts'
import type { World } from '../core/capability.ts'
import { elsewhere, free } from './reservation.ts'
import { locationsOf, stockAt, variantMode, type StockMode } from './stock.ts'

export interface StockView {
  readonly variantId: string
  readonly mode: StockMode
  /** `here` and `elsewhere` together; null: it is not counted. */
  readonly available: number | null
  readonly here: number | null
  readonly elsewhere: number | null
  readonly locations: readonly {
    readonly location: string
    readonly available: number
    readonly here: number
    readonly elsewhere: number
  }[]
}

/**
 * What this node sells now is right by construction: nobody else can sell it. What others sell is what
 * this node last heard of, and may have gone since.
 */
export const viewStock = (world: World, variant: VariantId): StockView => {
  const mode = variantMode(world, variant)
  if (mode === 'untracked') {
    return { variantId: variant, mode, available: null, here: null, elsewhere: null, locations: [] }
  }
  const locations = locationsOf(world, variant).map((location) => {
    const document = stockAt(world, variant, location)
    const units = { here: free(world, document), elsewhere: elsewhere(world, document) }
    return { location, available: units.here + units.elsewhere, ...units }
  })
  const total = (part: 'here' | 'elsewhere') => locations.reduce((sum, one) => sum + one[part], 0)
  return {
    variantId: variant,
    mode,
    available: total('here') + total('elsewhere'),
    here: total('here'),
    elsewhere: total('elsewhere'),
    locations,
  }
}
