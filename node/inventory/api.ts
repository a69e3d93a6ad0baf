/** The stock's words in the API: what is taken in, checked once here, and what is shown. */

import { z } from '@hono/zod-openapi'
import { isVariantId, productIdOf, variantIdOf } from '../catalog/ids.ts'
import { reasonMax } from '../catalog/limits.ts'
import { line, page, PageQuery, Receipt } from '../http/schemas.ts'
import { isLocationId, mainLocation } from './location-id.ts'
import * as limits from './limits.ts'
import { stockModes } from './stock.ts'

const VariantIdText = z
  .string()
  .refine(isVariantId, 'Is no variant id')
  .openapi({ type: 'string', example: variantIdOf(productIdOf('WX-4711'), 'WX-4711') })

export const LocationIdText = z
  .string()
  .refine(isLocationId, 'Must be 1 to 32 small letters, digits and inner hyphens')
  .openapi({ type: 'string', example: 'main' })

export const VariantParams = z.object({
  variantId: VariantIdText.openapi({ param: { name: 'variantId', in: 'path' } }),
})

const At = LocationIdText.default(mainLocation)
const Units = z.int().min(1).max(limits.unitsMax)
const Reason = line(reasonMax)

export const ReceiveBody = z
  .strictObject({ location: At, quantity: Units, reason: Reason.default('received') })
  .openapi('StockReceipt')

export const AdjustBody = z
  .strictObject({
    location: At,
    change: z
      .int()
      .min(-limits.unitsMax)
      .max(limits.unitsMax)
      .refine((units) => units !== 0, 'Must not be 0')
      .openapi({ description: 'Units more, or fewer if it is negative.' }),
    reason: Reason,
  })
  .openapi('StockAdjustment')

export const CountBody = z
  .strictObject({
    location: At,
    quantity: z.int().min(0).max(limits.unitsMax),
    reason: Reason.default('counted'),
  })
  .openapi('StockCount')

export const TransferBody = z
  .strictObject({
    from: LocationIdText,
    to: LocationIdText,
    quantity: Units,
    reason: Reason.default('transferred'),
  })
  .openapi('StockTransfer')

export const ModeBody = z.strictObject({ mode: z.enum(stockModes) }).openapi('StockMode')

export const ThresholdBody = z
  .strictObject({ location: At, threshold: z.int().min(0).max(limits.unitsMax).nullable() })
  .openapi('StockThreshold')

const Quantity = z.int()
const MaybeQuantity = Quantity.nullable().openapi({ description: 'null: it is not counted.' })

export const InventoryOut = z
  .object({
    variantId: z.string(),
    mode: z.enum(stockModes),
    available: MaybeQuantity,
    here: MaybeQuantity.openapi({ description: 'Of these, what this node sells without asking.' }),
    elsewhere: MaybeQuantity.openapi({
      description: 'Of these, what other nodes sell, as far as known.',
    }),
    locations: z.array(
      z.object({ location: z.string(), available: Quantity, here: Quantity, elsewhere: Quantity }),
    ),
  })
  .openapi('Inventory')

export const ChangedStock = z
  .object({
    variantId: z.string(),
    location: z.string(),
    old: Quantity,
    new: Quantity,
    receipt: Receipt,
  })
  .openapi('ChangedStock')

export const ChangedMode = z
  .object({ variantId: z.string(), mode: z.enum(stockModes), receipt: Receipt })
  .openapi('ChangedStockMode')

export const ChangedThreshold = z
  .object({
    variantId: z.string(),
    location: z.string(),
    threshold: Quantity.nullable(),
    receipt: Receipt,
  })
  .openapi('ChangedStockThreshold')

export const LogQuery = z.strictObject({
  location: At,
  limit: z
    .string()
    .regex(/^[1-9][0-9]{0,2}$/)
    .transform(Number)
    .pipe(z.int().max(limits.logEntriesMax))
    .default(limits.logEntriesMax)
    .openapi({ type: 'integer', minimum: 1, maximum: limits.logEntriesMax }),
})

export const LogOut = z
  .object({
    items: z.array(
      z.object({
        at: z.string(),
        type: z.string(),
        old: Quantity,
        new: Quantity,
        reason: z.string().nullable(),
        actor: z.string(),
        change: z.string(),
      }),
    ),
  })
  .openapi('StockLog')

export const LowStockQuery = PageQuery

export const LowStockPage = page(
  z.object({
    variantId: z.string(),
    location: z.string(),
    available: Quantity,
    threshold: Quantity,
  }),
).openapi('LowStock')

export const WatchOut = z
  .object({ variantId: z.string(), isWatching: z.boolean(), receipt: Receipt })
  .openapi('StockWatch')
