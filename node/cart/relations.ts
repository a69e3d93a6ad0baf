/** What the merged store keeps of carts: what is in them, and which were left behind. */

import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import { productOf } from '../catalog/ids.ts'
import { relation, relationalKind } from '../merged/relation.ts'
import { cart, lines, touchedLast } from './cart.ts'
import { cartKind } from './projection.ts'

export const cartRelations = relationalKind({
  schema: cart,
  relations: [
    relation('carts', 'id', {
      id: 'text',
      customer_id: 'text',
      units: 'bigint',
      created_at: 'timestamptz',
      touched_at: 'timestamptz',
    }),
    relation('cart_items', 'cart_id', {
      cart_id: 'text',
      variant_id: 'text',
      product_id: 'text',
      quantity: 'bigint',
      is_saved: 'boolean',
    }),
    relation('abandoned_carts', 'cart_id', {
      cart_id: ['text', 'cart'],
      customer_id: ['text', 'account'],
      items: 'bigint',
      total_minor: ['bigint', 'total_amount'],
      currency: 'text',
      abandoned_at: ['timestamptz', 'abandoned_ms'],
    }),
  ],
  rows: (id, document) => {
    const { store } = document
    const [created] = eventLog.entries({ store: store.created })
    if (created === undefined) return {}
    const parts = (['tags', 'saved'] as const).flatMap((part) =>
      lines(document, part).map(({ variant, quantity }) => ({
        cart_id: id,
        variant_id: variant,
        product_id: productOf(variant),
        quantity,
        is_saved: part === 'saved',
      })),
    )
    return {
      carts: [
        {
          id,
          customer_id: lwwRegister.read({ store: store.account }),
          units: parts.reduce((sum, one) => sum + (one.is_saved ? 0 : one.quantity), 0),
          created_at: created.value.wallMs,
          touched_at: touchedLast(document)?.ms ?? created.value.wallMs,
        },
      ],
      cart_items: parts,
      abandoned_carts: cartKind.project(id, document)['abandoned_carts'] ?? [],
    }
  },
})
