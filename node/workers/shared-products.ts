/**
 * The products that were read lately, as they are answered, in one map for all threads: whoever reads one
 * from the database puts it there for the others.
 *
 * A product has a place by its hash, and takes it from whoever was there, so that the map has a bound
 * and nobody has to clear it. With it stand its id and its stamp; one whose stamp is not the document's
 * any more is passed over (`freshness.ts`).
 */

import { isNativeFault } from '../../native/fault.ts'
import type { ByteMap } from '../../native/memory.ts'
import type { ProductId } from '../catalog/ids.ts'
import type { ProductCache } from '../catalog/product-cache.ts'
import type { CatalogQueries } from '../catalog/queries.ts'
import type { Freshness } from './freshness.ts'
import { keptProductBytesMax, keptProducts } from './limits.ts'

export type SharedProducts = Pick<ProductCache, 'product'>

export const createSharedProducts = (
  map: Pick<ByteMap, 'get' | 'set'>,
  queries: Pick<CatalogQueries, 'product'>,
  freshness: Pick<Freshness, 'stampOf'>,
): SharedProducts => {
  const key = Buffer.alloc(4)
  const found = Buffer.allocUnsafeSlow(headBytes + keptProductBytesMax)

  const keep = (place: Uint8Array, value: Uint8Array): void => {
    try {
      map.set(place, value)
    } catch (error) {
      // Without room for it, it is read from the database each time.
      if (!isNativeFault(error) || error.code !== 'no_memory') throw error
    }
  }

  return {
    product: (id) => {
      if (id.length !== idLength) return queries.product(id)
      // Before the product is read: what changes in between makes it stale, and is never missed.
      const stamp = freshness.stampOf('product', id)
      key.writeUInt32LE(placeOf(id))
      const length = map.get(key, found)
      const isFound =
        length !== undefined &&
        found.readUInt32LE(0) === stamp &&
        found.toString('latin1', 4, headBytes) === id
      if (isFound) return found.toString('utf8', headBytes, length)
      const json = queries.product(id)
      if (json === undefined) return undefined
      const bytes = Buffer.byteLength(json)
      if (bytes <= keptProductBytesMax) {
        found.writeUInt32LE(stamp, 0)
        found.write(id, 4, 'latin1')
        found.write(json, headBytes)
        keep(key, found.subarray(0, headBytes + bytes))
      }
      return json
    },
  }
}

/** The length of every product's id. */
const idLength = 20
const headBytes = 4 + idLength

/** An id is a hash in 32 letters and digits: its last ones are as good as any other hash. */
const placeOf = (id: ProductId): number => Number.parseInt(id.slice(-6), 32) % keptProducts
