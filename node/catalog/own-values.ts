/** What an admin may write over a conflict in the catalog, instead of keeping one of its siblings. */

import type { z } from 'zod'
import type { Value } from '../../crdt/value.ts'
import { line, text } from '../http/schemas.ts'
import { KnownMoney, Popularity, WebAddress } from './api.ts'
import * as limits from './limits.ts'

const fits =
  (schema: z.ZodType) =>
  (value: Value): boolean =>
    schema.safeParse(value).success

export const productValues = {
  name: fits(line(limits.nameMax)),
  description: fits(text(limits.descriptionMax)),
  brand: fits(line(limits.brandMax).nullable()),
  popularity: fits(Popularity),
  price: fits(KnownMoney),
}

export const categoryValues = {
  description: fits(text(limits.descriptionMax)),
  imageUrl: fits(WebAddress.nullable()),
}

export const brandValues = {
  description: fits(text(limits.descriptionMax)),
  logoUrl: fits(WebAddress.nullable()),
}
