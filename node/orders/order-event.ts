/** What may happen to an order: the events of its log, and the guard that their bytes must pass. */

import type { Value } from '../../crdt/value.ts'
import { isFields, isNatural, isText } from '../guards.ts'
import { isAddress, isAgreement, isListOf, isSoldUnits } from './agreement.ts'
import type { Agreement, OrderAddress, SoldUnits } from './agreement.ts'

export type Placed = {
  readonly type: 'placed'
  readonly number: string
  readonly node: string
  readonly agreed: Agreement
  readonly sold: readonly SoldUnits[]
}

/** Units by variant. */
export type Units = { readonly [variant: string]: number }

export type OrderEvent =
  | Placed
  | { readonly type: 'confirmed'; readonly by: string }
  | { readonly type: 'paid'; readonly reference: string; readonly amount: number }
  /** `seen`: the edits that the packer knew of, by their dots. What was packed without them stays so. */
  | { readonly type: 'packed'; readonly by: string; readonly seen: readonly string[] }
  | {
      readonly type: 'shipped'
      readonly by: string
      readonly seen: readonly string[]
      readonly units: Units
      /** The id of the document that says where it is. */
      readonly shipment: string
    }
  | { readonly type: 'delivered'; readonly by: string }
  | { readonly type: 'cancelled'; readonly by: string; readonly reason: string }
  | {
      readonly type: 'return_asked'
      readonly by: string
      readonly units: Units
      readonly reason: string
    }
  | {
      readonly type: 'returned'
      readonly by: string
      readonly units: Units
      readonly reason: string
    }
  | {
      readonly type: 'edited'
      readonly by: string
      /** How many of a variant are left of the order; what is not named stays. */
      readonly units: Units
      readonly address: OrderAddress | null
    }
  /** Money that the shop gives back although all that was ordered stays. */
  | {
      readonly type: 'credited'
      readonly by: string
      readonly amount: number
      readonly reason: string
    }
  | { readonly type: 'refunded'; readonly refund: string; readonly amount: number }
  /** Units and coupons of a placement, named by its dot, that may be sold and used again. */
  | {
      readonly type: 'given_back'
      readonly placement: string
      readonly units: readonly SoldUnits[]
      readonly coupons: readonly string[]
    }
  /** The change that placed the order was on no other disk when the shopper was answered. */
  | { readonly type: 'accepted_alone'; readonly change: string }
  | {
      readonly type: 'task_done'
      readonly task: string
      readonly by: string
      readonly note: string
    }

export type EventOf<T extends OrderEvent['type']> = Extract<OrderEvent, { readonly type: T }>

/** Events of later releases pass, and are kept and passed over; those of this one must be whole. */
export const isOrderEvent = (value: Value): value is OrderEvent => {
  if (!isFields(value) || !isText(value['type'] ?? null)) return false
  const check = Object.hasOwn(checks, value['type'] as string)
    ? checks[value['type'] as keyof typeof checks]
    : undefined
  return check === undefined || check((name) => value[name] ?? null)
}

type Fields = (name: string) => Value

const isUnits = (value: Value): value is Units =>
  isFields(value) && Object.values(value).every(isNatural)

const isTextList = (value: Value): boolean => Array.isArray(value) && value.every(isText)

const checks: Readonly<Record<OrderEvent['type'], (get: Fields) => boolean>> = {
  placed: (get) =>
    isText(get('number')) &&
    isText(get('node')) &&
    isAgreement(get('agreed')) &&
    isListOf(get('sold'), isSoldUnits),
  confirmed: (get) => isText(get('by')),
  paid: (get) => isText(get('reference')) && isNatural(get('amount')),
  packed: (get) => isText(get('by')) && isTextList(get('seen')),
  shipped: (get) =>
    isText(get('by')) &&
    isTextList(get('seen')) &&
    isUnits(get('units')) &&
    isText(get('shipment')),
  delivered: (get) => isText(get('by')),
  cancelled: (get) => isText(get('by')) && isText(get('reason')),
  return_asked: (get) => isText(get('by')) && isUnits(get('units')) && isText(get('reason')),
  returned: (get) => isText(get('by')) && isUnits(get('units')) && isText(get('reason')),
  edited: (get) =>
    isText(get('by')) &&
    isUnits(get('units')) &&
    (get('address') === null || isAddress(get('address'))),
  credited: (get) => isText(get('by')) && isNatural(get('amount')) && isText(get('reason')),
  refunded: (get) => isText(get('refund')) && isNatural(get('amount')),
  given_back: (get) =>
    isText(get('placement')) && isListOf(get('units'), isSoldUnits) && isTextList(get('coupons')),
  accepted_alone: (get) => isText(get('change')),
  task_done: (get) => isText(get('task')) && isText(get('by')) && isText(get('note')),
}
