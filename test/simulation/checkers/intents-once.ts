/**
 * What a shopper intended counts exactly once: the lines of a cart are what its intents say, by a model
 * that knows of intents and of who had seen what, and nothing of tags and dots.
 */

import type { DotKey } from '../../../crdt/dot.ts'
import type { KnownChange, KnownDelta } from '../chronicle.ts'
import { cart, lines } from '../../../node/cart/cart.ts'
import type { Intent } from '../../../node/cart/cart-rules.ts'
import type { CartId } from '../../../node/cart/cart-id.ts'
import { requestOfIntent } from '../../../node/cart/cart-rules.ts'
import * as hlc from '../../../crdt/hybrid-logical-clock.ts'
import { timestampOf } from '../../../sync/change.ts'
import type { CreateChecker } from './checker.ts'

/** What was asked, as the workload asked it: changes say only which intents they answered. */
export type IntentBook = ReadonlyMap<string, { readonly cart: CartId; readonly intent: Intent }>

export const intentsOnce =
  (book: IntentBook): CreateChecker =>
  (report, chronicle) => ({
    settled: ({ nodes: [first] }) => {
      if (!first) return
      const carts = new Map<CartId, Done[]>()
      const untold = new Set<string>()
      for (const known of chronicle.changes.values()) {
        const head = first.state.heads.get(known.dot.replica)
        if (!head || head.counter < known.dot.counter) {
          // Lost with a disk, and its cart may have been read before: then nobody can tell.
          if (chronicle.isForgotten(known)) for (const { id } of known.deltas) untold.add(id)
          continue
        }
        // Tags that moved from one cart to another are no longer told by this cart's intents.
        if (/^cart\.(un)?merged$/.test(known.change.type)) {
          for (const { id } of known.deltas) untold.add(id)
        }
        known.change.requests.forEach((request, index) => {
          const asked = book.get(request)
          if (!asked) return
          const list = carts.get(asked.cart) ?? []
          carts.set(asked.cart, [...list, { known, index, intent: asked.intent }])
        })
      }
      for (const [id, done] of carts) {
        if (untold.has(id)) continue
        const stored = first.tables.documents.get(`cart/${id}`)
        const found = stored ? lines(cart.decode(stored.bytes)) : []
        const quantities = Object.fromEntries(found.map((line) => [line.variant, line.quantity]))
        const expected = model(done)
        if (sorted(quantities) !== sorted(expected)) {
          report(`cart ${id} holds ${sorted(quantities)} and was asked for ${sorted(expected)}`)
        }
      }
    },
  })

interface Done {
  readonly known: KnownChange
  /** Its place among the intents of its change. */
  readonly index: number
  readonly intent: Intent
}

/** The quantities that intents come to, by variant. */
export const model = (all: readonly Done[]): Readonly<Record<string, number>> => {
  // Of one intent that was done in two regions, an act that was seen by neither takes away neither.
  const standing = all.filter((one) => !all.some((other) => takesAway(other, one)))
  const byId = new Map<string, Done[]>()
  for (const one of standing) byId.set(one.intent.id, [...(byId.get(one.intent.id) ?? []), one])
  const quantities: Record<string, number> = {}
  const latest = new Map<string, Done>()
  for (const copies of byId.values()) {
    const one = copies.reduce((a, b) => (isLater(b, a) ? b : a))
    const { intent } = one
    if (intent.type === 'add') {
      quantities[intent.variantId] = (quantities[intent.variantId] ?? 0) + intent.quantity
    } else if (intent.type === 'set' && intent.quantity > 0) {
      const other = latest.get(intent.variantId)
      if (!other || isLater(one, other)) latest.set(intent.variantId, one)
    }
  }
  for (const [variant, { intent }] of latest) {
    if (intent.type === 'set') quantities[variant] = (quantities[variant] ?? 0) + intent.quantity
  }
  return quantities
}

// Whether `other` had seen `one` and wanted it gone.
const takesAway = (other: Done, one: Done): boolean => {
  const { intent } = one
  if (intent.type !== 'add' && intent.type !== 'set') return false
  const wants =
    other.intent.type === 'clear' ||
    ((other.intent.type === 'remove' || other.intent.type === 'set') &&
      other.intent.variantId === intent.variantId)
  if (!wants || (other.known === one.known && other.index <= one.index)) return false
  if (other.known === one.known) return true
  return hasSeen(other.known, one.known)
}

const hasSeen = (later: KnownChange, earlier: KnownChange): boolean => {
  const { replica, counter } = earlier.dot
  if ((later.causes.get(replica) ?? 0) >= counter) return true
  // Who takes in documents sees what is in them before its log says so; what it took away tells that it had.
  if ((later.mayHaveSeen?.get(replica) ?? 0) < counter) return false
  const added = earlier.deltas.flatMap((delta) => [...delta.added].map((dot) => dotOf(delta, dot)))
  const removed = new Set(
    later.deltas.flatMap((delta) => [...delta.removed].map((dot) => dotOf(delta, dot))),
  )
  return added.some((dot) => removed.has(dot))
}

/** Each document counts its own dots. */
const dotOf = ({ kind, id }: KnownDelta, dot: DotKey): string => `${kind}/${id} ${dot}`

const isLater = (a: Done, b: Done): boolean =>
  (hlc.compare(timestampOf(a.known.change), timestampOf(b.known.change)) || a.index - b.index) > 0

const sorted = (record: Readonly<Record<string, number>>): string =>
  JSON.stringify(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))

export { requestOfIntent }
