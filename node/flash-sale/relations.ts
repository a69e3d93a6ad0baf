/** What the merged store keeps of flash sales, and of who tried to buy. */

import * as lwwRegister from '../../crdt/lww-register.ts'
import { relation, relationalKind } from '../merged/relation.ts'
import { purchase, purchaseKind } from './purchase.ts'
import { sale, termsOf } from './sale.ts'

export const saleRelations = relationalKind({
  schema: sale,
  relations: [
    relation('flash_sales', 'id', {
      id: 'text',
      variant_id: ['text', 'variant'],
      name: 'text',
      price_minor: 'bigint',
      currency: 'text',
      per_buyer: ['bigint', 'perBuyer'],
      is_cancelled: 'boolean',
      starts_at: ['timestamptz', 'startsMs'],
      ends_at: ['timestamptz', 'endsMs'],
    }),
  ],
  rows: (id, document) => {
    const terms = termsOf(document)
    if (!terms) return {}
    const { price, ...rest } = terms
    return {
      flash_sales: [
        {
          ...rest,
          id,
          price_minor: price.amount,
          currency: price.currency,
          is_cancelled: lwwRegister.read({ store: document.store.isCancelled }) ?? false,
        },
      ],
    }
  },
})

export const purchaseRelations = relationalKind({
  schema: purchase,
  relations: [
    relation('purchase_attempts', 'id', {
      id: 'text',
      sale_id: ['text', 'sale'],
      buyer: 'text',
      attempt: 'text',
      units: 'bigint',
      state: 'text',
      attempted_at: ['timestamptz', 'at_ms'],
      held_until: ['timestamptz', 'until_ms'],
    }),
  ],
  rows: (id, document) => ({
    purchase_attempts: (purchaseKind.project(id, document)['purchases'] ?? []).map((row) => ({
      ...row,
      id,
    })),
  }),
})
