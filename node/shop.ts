/** What this release of the shop knows: every kind of document, and the read models made of them. */

import { catalogKinds } from './catalog/projection.ts'
import { isDeletionContested, type Product } from './catalog/product.ts'
import { settleDeletion } from './catalog/product-rules.ts'
import { brandValues, categoryValues, productValues } from './catalog/own-values.ts'
import { catalogSql, sharedSkuSql } from './catalog/tables.ts'
import { cartKind, cartSql } from './cart/projection.ts'
import type { DocumentKind } from './core/capability.ts'
import type { Table } from './core/store.ts'
import type { Sink } from './merged/sink.ts'
import { relationalKinds } from './reports/relations.ts'
import { createReportSink } from './reports/sink.ts'
import { purchaseKind, purchaseSql } from './flash-sale/purchase.ts'
import { saleKind, saleSql } from './flash-sale/sale.ts'
import { accountKind } from './identity/account.ts'
import { sessionKind } from './identity/session.ts'
import { signingKeyKind } from './identity/signing-key.ts'
import { identitySql } from './identity/tables.ts'
import {
  conflictSql,
  neverContested,
  withConflicts,
  type InspectedKind,
} from './inspector/conflict.ts'
import { estateKind, estateSql } from './inventory/estate.ts'
import { locationKind, locationSql } from './inventory/location.ts'
import { stockKind, stockSql } from './inventory/projection.ts'
import { stockWatchKind } from './inventory/stock-watch.ts'
import { orderKind, orderSql } from './orders/projection.ts'
import { paymentMethodsKind } from './payments/method.ts'
import { paymentKind } from './payments/projection.ts'
import { paymentSql } from './payments/tables.ts'
import { rosterKind } from './pricing/roster.ts'
import { allowanceKind, allowanceSql } from './promotions/allowance.ts'
import { couponKind, couponSql } from './promotions/coupon.ts'
import { promotionKind } from './promotions/promotion.ts'
import { nodeKind } from './replication/membership.ts'
import { replicaKind } from './replication/replica.ts'
import { replicationSql } from './replication/tables.ts'
import { methodKind } from './shipping/method.ts'
import { parcelKind } from './shipping/parcel.ts'
import { shipmentKind, shipmentSql } from './shipping/shipment.ts'
import { zoneKind } from './shipping/zone.ts'
import { taxRateKind } from './tax/tax-rate.ts'
import { webhookKind, webhookSql } from './webhooks/subscription.ts'

export const inspectedKinds: readonly InspectedKind[] = [
  {
    kind: catalogKinds.productKind,
    ownRules: {
      deletion: {
        isContested: (document) => isDeletionContested(document as Product),
        resolve: settleDeletion,
      },
    },
    ownValues: productValues,
    shared: {
      sql: sharedSkuSql,
      advice: 'Delete one of the products, or put it in again with another SKU',
    },
  },
  { kind: catalogKinds.categoryKind, ownValues: categoryValues },
  { kind: catalogKinds.brandKind, ownValues: brandValues },
  { kind: accountKind, secrets: new Set(['passwordHash']) },
  {
    kind: sessionKind,
    secrets: new Set(['renewal']),
    // Of renewals in two regions the higher generation counts, and nobody has to choose.
    ownRules: { renewal: neverContested },
  },
  { kind: webhookKind, secrets: new Set(['secret']) },
  // The reason goes with the standing.
  { kind: nodeKind, ownRules: { reason: neverContested } },
  {
    kind: estateKind,
    // The latest opening counts, by rule.
    ownRules: { opening: neverContested, taken: neverContested, closed: neverContested },
  },
  ...[signingKeyKind, stockKind, locationKind, stockWatchKind].map((kind) => ({ kind })),
  ...[saleKind, purchaseKind].map((kind) => ({ kind })),
  ...[cartKind, replicaKind, orderKind].map((kind) => ({ kind })),
  ...[rosterKind, zoneKind, methodKind, parcelKind, shipmentKind].map((kind) => ({ kind })),
  ...[paymentKind, paymentMethodsKind].map((kind) => ({ kind })),
  ...[taxRateKind, promotionKind, couponKind, allowanceKind].map((kind) => ({ kind })),
]

export const kinds: readonly DocumentKind[] = inspectedKinds.map(withConflicts)

export const readModelTables: readonly Table[] = kinds.flatMap(({ tables }) => tables)

/** What is derived from the documents in the merged store. */
export const mergedSinks: readonly Sink[] = [createReportSink(relationalKinds)]

export const readModelSql = [
  catalogSql,
  stockSql,
  locationSql,
  estateSql,
  saleSql,
  purchaseSql,
  identitySql,
  replicationSql,
  cartSql,
  shipmentSql,
  couponSql,
  allowanceSql,
  orderSql,
  paymentSql,
  webhookSql,
  ...inspectedKinds.map(({ kind }) => conflictSql(kind)),
].join('\n')
