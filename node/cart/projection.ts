/**
 * The rows that carts become: which of them wait, and which were left behind.
 *
 * A cart's row says in which hour it was touched last. Written to the millisecond it would change with
 * every click of every shopper; so it is written once an hour, and who looks for carts that nobody
 * comes back to need not know it better.
 */

import * as lwwRegister from '../../crdt/lww-register.ts'
import { documentKind } from '../core/capability.ts'
import type { Table } from '../core/store.ts'
import { cart, lines, touchedLast, type Abandonment, type Cart } from './cart.ts'

export const hourMs = 60 * 60_000

export const waitingCartTable: Table = {
  name: 'waiting_carts',
  columns: ['cart', 'touched_hour', 'replica'],
  isSingle: true,
}

export const abandonedCartTable: Table = {
  name: 'abandoned_carts',
  columns: ['cart', 'account', 'items', 'total_amount', 'currency', 'abandoned_ms'],
  isSingle: true,
}

export const cartSql = `
create table if not exists waiting_carts (
  document     integer primary key,
  cart         text    not null,
  touched_hour integer not null,
  -- Who left the latest tag.
  replica      text    not null
) strict;
create index if not exists waiting_carts_by_hour on waiting_carts (touched_hour);

create table if not exists abandoned_carts (
  document     integer primary key,
  cart         text    not null,
  account      text,
  items        integer not null,
  total_amount integer not null,
  currency     text    not null,
  abandoned_ms integer not null
) strict;
create index if not exists abandoned_carts_by_time on abandoned_carts (abandoned_ms, cart);
`

/** The cart's abandonment; undefined if somebody came back, or nothing is left in it. */
export const abandonmentOf = (document: Cart): Abandonment | undefined => {
  const touched = touchedLast(document)
  const noted = lwwRegister.read<Abandonment>({ store: document.store.abandonment })
  return touched && noted?.touchedMs === touched.ms ? noted : undefined
}

export const cartKind = documentKind({
  schema: cart,
  tables: [waitingCartTable, abandonedCartTable],
  project: (id, document) => {
    const touched = touchedLast(document)
    if (!touched || lines(document).length === 0) return {}
    const left = abandonmentOf(document)
    if (!left) {
      const { ms, replica } = touched
      return { waiting_carts: [{ cart: id, touched_hour: Math.floor(ms / hourMs), replica }] }
    }
    return {
      abandoned_carts: [
        {
          cart: id,
          account: lwwRegister.read({ store: document.store.account }) ?? null,
          items: left.items,
          total_amount: left.amount,
          currency: left.currency,
          abandoned_ms: left.touchedMs,
        },
      ],
    }
  },
})
