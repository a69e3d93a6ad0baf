/** The codes that placing an order, and what is done to it afterwards, may be answered with. */

import type { ErrorDocument } from '../errors.ts'

export const orderErrorCodes = {
  cart_empty: {
    status: 422,
    title: 'There is nothing to order',
    normal:
      'When an order is sent twice without an idempotency key: the first took what was there.',
    next: 'Read the cart and the orders again.',
  },
  cart_changed: {
    status: 409,
    title: 'The cart was changed while it was being ordered',
    normal: 'When a cart is open on two devices.',
    next: 'Read the cart again, and order what it holds then under a new idempotency key.',
  },
  price_changed: {
    status: 409,
    title: 'The order comes to another amount than was expected',
    normal: 'When a price changes while somebody shops.',
    next: 'Show the new total that the problem names, and send the order again if it is agreed to.',
  },
  insufficient_stock: {
    status: 409,
    title: 'There is too little in stock',
    normal: 'When something sells out, or its last units are in a region that is cut off.',
    next: 'Order what `problems` says there is, or wait.',
  },
  variant_unavailable: {
    status: 409,
    title: 'Something in the order is not sold any more',
    normal: 'When a product is withdrawn while it is in a cart.',
    next: 'Take the lines out that `problems` names.',
  },
  checkout_problems: {
    status: 409,
    title: 'Something stands in the way of the order',
    normal: 'When a coupon or a way of shipping does not fit.',
    next: 'Do what each of the `problems` says.',
  },
  checkout_expired: {
    status: 409,
    title: 'What was set aside for the order was given up',
    normal: 'When a payment took so long that the goods went to somebody else.',
    next: 'Order again under a new idempotency key. Nothing was charged that will not be given back.',
  },
  order_in_progress: {
    status: 409,
    title: 'The order is being placed at another node',
    normal: 'For seconds, when a request is sent again elsewhere before the first was answered.',
    next: 'Send the same again in some seconds, with the same idempotency key.',
  },
  order_not_replicated: {
    status: 503,
    title: 'No other node has the order, and this shop takes none that only one has',
    normal: 'While this node is cut off from all others.',
    next: 'Order again later, or at another node. Nothing was charged that will not be given back.',
  },
  order_not_found: {
    status: 404,
    title: 'There is no such order here',
    normal: 'Shortly after the order was placed at a node that is cut off from this one.',
    next: 'Check the id; try again when the nodes have met.',
  },
  order_state: {
    status: 409,
    title: 'The order is in a state in which this cannot be done',
    normal: 'When two people work on one order.',
    next: 'Read the order again; the problem names its state.',
  },
  order_empty: {
    status: 422,
    title: 'Nothing would be left of the order',
    normal: 'When the last line is taken out.',
    next: 'Cancel the order.',
  },
  order_over: {
    status: 422,
    title: 'Too much has happened to the order for one more thing',
    normal: 'Never, unless a script goes in circles.',
    next: 'Look at its history, and place a new order for what is left to be done.',
  },
  order_task_not_found: {
    status: 404,
    title: 'There is no such task',
    normal: 'When someone else has done it, or it settled itself.',
    next: 'List the tasks again.',
  },
} as const satisfies Record<string, ErrorDocument>
