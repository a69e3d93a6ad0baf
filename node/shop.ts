/** What this release of the shop knows: every kind of document, and the read models made of them. */

import { catalogKinds } from './catalog/projection.ts'
import { isDeletionContested, type Product } from './catalog/product.ts'
import { settleDeletion } from './catalog/product-rules.ts'
import { brandValues, categoryValues, productValues } from './catalog/own-values.ts'
import { catalogSql, sharedSkuSql } from './catalog/tables.ts'
import { cartKind } from './cart/cart.ts'
import type { DocumentKind } from './core/capability.ts'
import type { Table } from './core/store.ts'
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
import { stockKind, stockSql } from './inventory/stock.ts'
import { replicaKind } from './replication/replica.ts'

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
  ...[signingKeyKind, stockKind, cartKind, replicaKind].map((kind) => ({ kind })),
]

export const kinds: readonly DocumentKind[] = inspectedKinds.map(withConflicts)

export const readModelTables: readonly Table[] = kinds.flatMap(({ tables }) => tables)

export const readModelSql = [
  catalogSql,
  stockSql,
  identitySql,
  ...inspectedKinds.map(({ kind }) => conflictSql(kind)),
].join('\n')
