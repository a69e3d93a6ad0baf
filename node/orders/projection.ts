/** The rows that an order becomes: what lists need, and whether somebody has to look at it. */

import { documentKind } from '../core/capability.ts'
import type { Row, Table } from '../core/store.ts'
import { isUnsettled } from './attend.ts'
import { tasksOf } from './order-tasks.ts'
import { order, readOrder, type Order } from './order.ts'
import { isOpen, runsOf } from './run.ts'

export const orderTable: Table = {
  name: 'orders',
  columns: [
    'id',
    'number',
    'who',
    'cart',
    'status',
    'total',
    'currency',
    'placed_ms',
    'is_unsettled',
    'has_tasks',
  ],
  isSingle: true,
}

/** Orders with a run that is not over. */
export const openRunTable: Table = { name: 'open_runs', columns: ['id'], isSingle: true }

export const orderSql = `
create table if not exists orders (
  document     integer primary key,
  id           text    not null,
  number       text    not null,
  who          text    not null,
  cart         text,
  status       text    not null,
  total        integer not null,
  currency     text    not null,
  placed_ms    integer not null,
  -- Something may be due that no person has to do: see orders/attend.ts.
  is_unsettled integer not null,
  has_tasks    integer not null,
  constraint total_is_not_negative check (total >= 0)
) strict;
create index if not exists orders_by_who on orders (who, placed_ms, id);
create index if not exists orders_by_cart on orders (cart, placed_ms, id) where cart is not null;
create index if not exists orders_by_time on orders (placed_ms, id);
create index if not exists orders_unsettled on orders (placed_ms) where is_unsettled = 1;
create index if not exists orders_with_tasks on orders (placed_ms) where has_tasks = 1;

create table if not exists open_runs (
  document integer primary key,
  id       text    not null
) strict;
`

const orderRows = (id: string, shown: Order): readonly Row[] => {
  const { event, atMs } = shown.placement
  const { who, cart, currency, totals } = event.agreed
  return [
    {
      id,
      number: event.number,
      who,
      cart,
      status: shown.status,
      total: totals.total,
      currency,
      placed_ms: atMs,
      is_unsettled: isUnsettled(shown) ? 1 : 0,
      has_tasks: tasksOf(shown).length > 0 ? 1 : 0,
    },
  ]
}

export const orderKind = documentKind({
  schema: order,
  tables: [orderTable, openRunTable],
  project: (id, document) => {
    const shown = readOrder(document)
    return {
      orders: shown ? orderRows(id, shown) : [],
      open_runs: runsOf(document).some(isOpen) ? [{ id }] : [],
    }
  },
})
