/** Tax's words in the API. */

import { z } from '@hono/zod-openapi'
import { NamedParams } from '../catalog/api.ts'
import { Name, NamedId } from '../pricing/api.ts'
import { million } from '../pricing/half-even.ts'

const fields = {
  name: Name,
  zone: NamedId,
  category: NamedParams.shape.id.nullable().openapi({
    type: 'string',
    description: "A category's id, with all below it; null: all goods.",
  }),
  ratePpm: z.int().min(0).max(million).openapi({
    example: 190_000,
    description: 'Parts per million: 190000 is 19 %.',
  }),
  included: z.boolean().openapi({ description: 'Whether prices shown there have it in them.' }),
  onShipping: z.boolean(),
}

export const TaxRateBody = z
  .strictObject({
    ...fields,
    category: fields.category.default(null),
    onShipping: fields.onShipping.default(false),
  })
  .transform(({ included: isIncluded, onShipping: isOnShipping, ...rest }) => ({
    ...rest,
    isIncluded,
    isOnShipping,
  }))
  .openapi('NewTaxRate')

export const TaxRatePatch = z
  .strictObject(fields)
  .partial()
  .transform(({ included, onShipping, ...rest }) => ({
    ...rest,
    ...(included === undefined ? {} : { isIncluded: included }),
    ...(onShipping === undefined ? {} : { isOnShipping: onShipping }),
  }))
  .openapi('TaxRatePatch')

export const TaxRateOut = z
  .object({
    id: z.string(),
    name: z.string(),
    zone: z.string(),
    category: z.string().nullable(),
    ratePpm: z.int(),
    included: z.boolean(),
    onShipping: z.boolean(),
  })
  .openapi('TaxRate')
