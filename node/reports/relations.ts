/** All that the merged store keeps in rows, capability by capability. */

import { cartRelations } from '../cart/relations.ts'
import { brandRelations, categoryRelations, productRelations } from '../catalog/relations.ts'
import { purchaseRelations, saleRelations } from '../flash-sale/relations.ts'
import { accountRelations, sessionRelations } from '../identity/relations.ts'
import { locationRelations, stockRelations } from '../inventory/relations.ts'
import type { RelationalKind } from '../merged/relation.ts'
import { orderRelations } from '../orders/relations.ts'
import { paymentMethodRelations, paymentRelations } from '../payments/relations.ts'
import { couponRelations, promotionRelations } from '../promotions/relations.ts'
import { shipmentRelations } from '../shipping/relations.ts'

export const relationalKinds: readonly RelationalKind[] = [
  accountRelations,
  sessionRelations,
  productRelations,
  categoryRelations,
  brandRelations,
  stockRelations,
  locationRelations,
  cartRelations,
  orderRelations,
  shipmentRelations,
  paymentRelations,
  paymentMethodRelations,
  promotionRelations,
  couponRelations,
  saleRelations,
  purchaseRelations,
]
