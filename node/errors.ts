/**
 * Every code a client can see, in one table that is also its documentation.
 *
 * The table is served: `GET /problems/<code>` answers a row of it, and the `type` of each problem
 * points there. A code that stands here keeps its meaning for ever; a new meaning is a new code.
 */

import { reportErrorCodes } from './reports/error-codes.ts'
import { inventoryErrorCodes } from './inventory/error-codes.ts'
import { mergedErrorCodes } from './merged/error-codes.ts'
import { orderErrorCodes } from './orders/error-codes.ts'
import { paymentErrorCodes } from './payments/error-codes.ts'
import { pricingErrorCodes } from './pricing/error-codes.ts'
import { webhookErrorCodes } from './webhooks/error-codes.ts'

export interface ErrorDocument {
  /** The HTTP status the code is answered with. */
  readonly status: 400 | 401 | 402 | 403 | 404 | 405 | 409 | 410 | 413 | 415 | 422 | 429 | 500 | 503
  /** The same words each time; what is special about this one time is the problem's `detail`. */
  readonly title: string
  /** When meeting the code is normal, so that nobody pages an operator for it. */
  readonly normal: string
  /** What the caller does next. */
  readonly next: string
}

export const errorCodes = {
  // What was sent cannot be read.
  invalid_json: {
    status: 400,
    title: 'The body is not valid JSON',
    normal: 'Never, unless a client builds JSON by hand.',
    next: 'Correct the body; the detail says where reading stopped.',
  },
  invalid_request: {
    status: 400,
    title: 'The request does not fit its schema',
    normal: 'When a person typed something that the page did not check.',
    next: 'Correct what `errors` lists, each by its path, and send again.',
  },
  invalid_cursor: {
    status: 400,
    title: 'The cursor is not one of ours',
    normal: 'After an upgrade that changed what a cursor holds, or when a cursor was cut short.',
    next: 'Start the list again without a cursor.',
  },
  idempotency_key_invalid: {
    status: 400,
    title: 'The idempotency key cannot be used',
    normal: 'Never.',
    next: 'Send 1 to 255 visible ASCII characters; a UUID is a good key.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    normal: 'When many things are sent at once.',
    next: 'Send less at once; products go to `products:batch`, which has no limit in all.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The body is of a kind that this path does not take',
    normal: 'Never, unless a client forgets its Content-Type.',
    next: 'Send the Content-Type that the API page names, uncompressed.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this path',
    normal: 'When an address is mistyped or of another version.',
    next: 'Look the path up at /docs.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The path does not take this method',
    normal: 'Never.',
    next: 'Use one of the methods that the Allow header lists.',
  },

  // Who is asking.
  unauthorized: {
    status: 401,
    title: 'Nobody is signed in',
    normal: 'Before signing in.',
    next: 'Sign in and send the access token as `Authorization: Bearer`.',
  },
  invalid_credentials: {
    status: 401,
    title: 'The e-mail address or the password is wrong',
    normal: 'When someone mistypes a password.',
    next: 'Try again; after several failures, wait as Retry-After says.',
  },
  token_expired: {
    status: 401,
    title: 'The token has expired',
    normal: 'Every quarter of an hour for an access token.',
    next: 'Ask for a new one with the refresh token; sign in again if that is refused too.',
  },
  session_revoked: {
    status: 401,
    title: 'The session has been ended',
    normal: 'After a sign-out elsewhere, or when a refresh token was used twice.',
    next: 'Sign in again.',
  },
  forbidden: {
    status: 403,
    title: 'This account may not do that',
    normal: 'When a page offers an act that the account has no role for.',
    next: 'Sign in with an account that may; sending again changes nothing.',
  },
  account_not_found: {
    status: 404,
    title: 'There is no such account here',
    normal: 'Shortly after the account was made at a node that is cut off from this one.',
    next: 'Ask the node that made it, or try again when the nodes have met.',
  },
  account_exists: {
    status: 409,
    title: 'There is such an account already',
    normal: 'When someone forgot that they had signed up.',
    next: 'Sign in with the existing account.',
  },
  session_not_found: {
    status: 404,
    title: 'The account has no such session',
    normal: 'When the session was ended elsewhere in the meantime.',
    next: 'List the sessions again.',
  },
  cart_token_required: {
    status: 401,
    title: 'The cart opens with its token only',
    normal: 'When a guest opens a cart on another device.',
    next: 'Send the token that came with the cart as `X-Cart-Token`, or make a new cart.',
  },

  // Carts.
  cart_not_found: {
    status: 404,
    title: 'There is no such cart here',
    normal: 'Shortly after the cart was made at a node that is cut off from this one.',
    next: 'Ask the node that made it, or try again when the nodes have met.',
  },
  cart_line_limit: {
    status: 422,
    title: 'The cart has no room for another line',
    normal: 'For a script; hardly for a person.',
    next: 'Remove a line, or begin a second cart.',
  },
  unknown_variant: {
    status: 422,
    title: 'There is no such variant here',
    normal: 'When the product was made at a node that is cut off from this one, or was removed.',
    next: 'Read the product again and choose one of its variants.',
  },
  quantity_out_of_range: {
    status: 422,
    title: 'The quantity is out of range',
    normal: 'When a person types a very large number.',
    next: 'Choose a quantity within the range that the detail gives.',
  },

  ...inventoryErrorCodes,

  ...orderErrorCodes,

  // Catalog.
  product_not_found: {
    status: 404,
    title: 'There is no such product here',
    normal: 'Shortly after the product was made at a node that is cut off from this one.',
    next: 'Check the id; try again when the nodes have met.',
  },
  product_deleted: {
    status: 404,
    title: 'The product has been deleted',
    normal: 'When a page is older than the deletion.',
    next: 'Take the product off the page. Its history can be read in the inspector.',
  },
  sku_taken: {
    status: 409,
    title: 'Another product has this SKU',
    normal: 'When an import is run again.',
    next: 'Choose another SKU, or change the product that has it.',
  },
  category_not_found: {
    status: 404,
    title: 'There is no such category here',
    normal: 'Shortly after the category was made at a node that is cut off from this one.',
    next: 'Check the id; try again when the nodes have met.',
  },
  category_exists: {
    status: 409,
    title: 'There is such a category already',
    normal: 'When two people build the same catalog.',
    next: 'Use the existing category, which the problem names.',
  },
  brand_not_found: {
    status: 404,
    title: 'There is no such brand here',
    normal: 'Shortly after the brand was made at a node that is cut off from this one.',
    next: 'Check the id; try again when the nodes have met.',
  },
  currency_mismatch: {
    status: 422,
    title: 'The currencies do not agree',
    normal: 'Never, unless a shop changes its currency.',
    next: 'Send the amount in the currency that the detail names.',
  },

  ...paymentErrorCodes,

  ...pricingErrorCodes,
  ...webhookErrorCodes,

  // Replication and the inspector.
  peer_unknown: {
    status: 404,
    title: 'This node has no such peer',
    normal: 'When a peer has not been met yet.',
    next: 'Choose one of the peers that `GET /api/v1/admin/replication` lists.',
  },
  node_unknown: {
    status: 404,
    title: 'This node has heard of no node of that name',
    normal: 'When a name is mistyped, or the node has just started elsewhere.',
    next: 'Choose one of the nodes that `GET /api/v1/admin/nodes` lists.',
  },
  node_is_this_one: {
    status: 409,
    title: 'A node cannot be declared gone at itself',
    normal: 'When the wrong address was asked.',
    next: 'Ask another node; if this one is to leave, stop it first.',
  },
  beyond_retention: {
    status: 410,
    title: 'What was there then is known no more',
    normal: 'For times before those that the node was told to keep changes for.',
    next: 'Ask for a time from the one on that the detail names, or look into an old backup.',
  },
  document_not_found: {
    status: 404,
    title: 'There is no such document here',
    normal: 'Shortly after it was made at a node that is cut off from this one.',
    next: 'Check the id; try again when the nodes have met.',
  },
  document_kind_unknown: {
    status: 404,
    title: 'There is no such kind of document',
    normal: 'Never.',
    next: 'Choose one of the kinds that the detail lists.',
  },
  conflict_not_found: {
    status: 404,
    title: 'There is no such conflict',
    normal: 'When someone else resolved it, or a later write did.',
    next: 'List the conflicts again.',
  },

  // Sending again.
  idempotency_key_reused: {
    status: 422,
    title: 'The idempotency key belongs to another request',
    normal: 'Never.',
    next: 'Make a new key for each new intention; keep it only when sending the same again.',
  },

  // The node.
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    normal: 'For a script that does not wait.',
    next: 'Wait as Retry-After says.',
  },
  overloaded: {
    status: 503,
    title: 'The node has more work than it can take',
    normal: 'For seconds, in a rush.',
    next: 'Wait as Retry-After says and send the same again with the same idempotency key.',
  },
  not_ready: {
    status: 503,
    title: 'The node is not ready yet',
    normal: 'For a second or two after a start.',
    next: 'Wait as Retry-After says, or ask another node.',
  },
  shutting_down: {
    status: 503,
    title: 'The node is shutting down',
    normal: 'In an upgrade.',
    next: 'Ask another node, or this one again in some seconds.',
  },
  data_directory_in_use: {
    status: 503,
    title: 'Another process has the data directory open',
    normal: 'When a second node is started on the directory of one that runs.',
    next: 'Stop the other node, or give this one a directory of its own with --data.',
  },
  ...mergedErrorCodes,
  ...reportErrorCodes,

  storage_full: {
    status: 503,
    title: 'The disk is full',
    normal: 'Never. Reading goes on, nothing that was acknowledged is lost.',
    next: 'Tell the operator; send the same again, with the same idempotency key, when there is room.',
  },
  storage_failed: {
    status: 503,
    title: 'The disk does not answer as it should',
    normal: 'Never. Whether the write was kept is not known until the node is back.',
    next: 'Send the same again with the same idempotency key; it will count once.',
  },
  internal_error: {
    status: 500,
    title: 'The node made a mistake',
    normal: 'Never: it is our bug.',
    next: 'Tell the operator the request id; the log has the rest under it.',
  },
} as const satisfies Record<string, ErrorDocument>

export type ErrorCode = keyof typeof errorCodes

export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(errorCodes, text)

/** Something that the caller can act on: it becomes a problem document (RFC 9457). */
export interface Refusal {
  readonly code: ErrorCode
  /** What is special about this one time, in a sentence for the person who reads it. */
  readonly detail: string
  /** What is wrong where, for a request with several faults. */
  readonly errors?: readonly FieldError[]
  /** Further members of the problem document. */
  readonly [extension: string]: unknown
}

export interface FieldError {
  /** A JSON pointer into the body, or `query/…`, `param/…`, `header/…` for what is outside it. */
  readonly path: string
  readonly message: string
}
