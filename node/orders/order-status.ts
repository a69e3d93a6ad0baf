/**
 * An order's states, and what each move does to each of them: one cell for every pair, so that a
 * missing one does not compile.
 *
 *     pending ─▶ confirmed ─▶ paid ─▶ packed ─▶ (partially_shipped) ─▶ shipped ─▶ delivered
 *        └───────────┴──────────┴───────┴──▶ cancelled                    └────┬─────┘
 *                                                                           returned ─▶ refunded
 *
 * A rule makes only moves whose cell says `to` or `stay`. The other cells are for moves that were made
 * in another region, by somebody who did not know of what came before them in the log: `wins` and
 * `loses` say which of the two counts, and what somebody has to do about the other.
 */

export const statuses = [
  'pending',
  'confirmed',
  'paid',
  'packed',
  'partially_shipped',
  'shipped',
  'delivered',
  'cancelled',
  'returned',
  'refunded',
] as const

export type Status = (typeof statuses)[number]

export const moves = [
  'confirmed',
  'paid',
  'packed',
  'shipped',
  'delivered',
  'cancelled',
  'returned',
  'refunded',
  'edited',
] as const

/**
 * `shipped`, `returned` and `refunded` are asked when they are complete: all units, all money. Until
 * then `shipped` leads to `partially_shipped`, and the others leave the state as it is.
 */
export type Move = (typeof moves)[number]

/** What is left to be done by a person when two moves met and one of them lost. */
export type LostMove = 'return_to_do' | 'unpack_to_do' | 'edit_too_late' | 'shipped_twice'

export type Cell =
  | { readonly does: 'to'; readonly status: Status }
  /** Allowed, and the state is as it was. */
  | { readonly does: 'stay' }
  | { readonly does: 'wins'; readonly status: Status; readonly task: LostMove }
  | { readonly does: 'loses'; readonly task?: LostMove }

const to = (status: Status): Cell => ({ does: 'to', status })
const stay: Cell = { does: 'stay' }
const wins = (status: Status, task: LostMove): Cell => ({ does: 'wins', status, task })
const loses = (task?: LostMove): Cell => ({ does: 'loses', ...(task && { task }) })

export const transitions: Readonly<Record<Status, Readonly<Record<Move, Cell>>>> = {
  pending: {
    confirmed: to('confirmed'),
    paid: to('paid'),
    packed: loses(),
    shipped: loses(),
    delivered: loses(),
    cancelled: to('cancelled'),
    returned: loses(),
    refunded: stay,
    edited: stay,
  },
  confirmed: {
    confirmed: stay,
    paid: to('paid'),
    packed: to('packed'),
    shipped: to('shipped'),
    delivered: loses(),
    cancelled: to('cancelled'),
    returned: loses(),
    refunded: stay,
    edited: stay,
  },
  paid: {
    confirmed: stay,
    paid: stay,
    packed: to('packed'),
    shipped: to('shipped'),
    delivered: loses(),
    cancelled: to('cancelled'),
    returned: loses(),
    refunded: stay,
    edited: stay,
  },
  packed: {
    confirmed: stay,
    paid: stay,
    packed: stay,
    shipped: to('shipped'),
    delivered: loses(),
    cancelled: to('cancelled'),
    returned: loses(),
    refunded: stay,
    edited: loses('edit_too_late'),
  },
  partially_shipped: {
    confirmed: stay,
    paid: stay,
    packed: stay,
    shipped: to('shipped'),
    delivered: loses(),
    // What was not shipped is cancelled, so that what was is all of it.
    cancelled: to('shipped'),
    returned: stay,
    refunded: stay,
    edited: loses('edit_too_late'),
  },
  shipped: {
    confirmed: stay,
    paid: stay,
    packed: stay,
    shipped: loses('shipped_twice'),
    delivered: to('delivered'),
    cancelled: loses('return_to_do'),
    returned: to('returned'),
    refunded: to('refunded'),
    edited: loses('edit_too_late'),
  },
  delivered: {
    confirmed: stay,
    paid: stay,
    packed: stay,
    shipped: loses('shipped_twice'),
    delivered: stay,
    cancelled: loses('return_to_do'),
    returned: to('returned'),
    refunded: to('refunded'),
    edited: loses('edit_too_late'),
  },
  cancelled: {
    confirmed: loses(),
    // The money goes back: see `moneyOf`.
    paid: loses(),
    packed: loses('unpack_to_do'),
    shipped: wins('shipped', 'return_to_do'),
    delivered: loses(),
    cancelled: stay,
    returned: loses(),
    refunded: stay,
    edited: loses(),
  },
  returned: {
    confirmed: stay,
    paid: stay,
    packed: stay,
    shipped: loses('shipped_twice'),
    delivered: stay,
    cancelled: loses(),
    returned: stay,
    refunded: to('refunded'),
    edited: loses('edit_too_late'),
  },
  refunded: {
    confirmed: stay,
    paid: stay,
    packed: stay,
    shipped: loses('shipped_twice'),
    delivered: stay,
    cancelled: loses(),
    returned: stay,
    refunded: stay,
    edited: loses('edit_too_late'),
  },
}

/** Whether somebody who knows the order's state may make the move. */
export const isAllowed = (status: Status, move: Move): boolean => {
  const { does } = transitions[status][move]
  return does === 'to' || does === 'stay'
}
