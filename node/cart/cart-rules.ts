/** What a shopper may do to a cart: intents in, one change out; pure functions of the world. */

import { edit, type Edit } from '../../crdt/document.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import { productOf, type VariantId } from '../catalog/ids.ts'
import { isLive, product, variantsOf } from '../catalog/product.ts'
import { draftDelta, type Decide, type World } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import { ok, refused, type Result } from '../result.ts'
import * as rules from './cart.ts'
import { cart, lines, namedTags, tagCounts, type Cart } from './cart.ts'
import type { CartId } from './cart-id.ts'
import { linesMax, quantityMax, tagsMax } from './limits.ts'

export type Intent =
  | {
      readonly id: string
      readonly type: 'add'
      readonly variantId: VariantId
      readonly quantity: number
    }
  | {
      readonly id: string
      readonly type: 'set'
      readonly variantId: VariantId
      readonly quantity: number
    }
  | { readonly id: string; readonly type: 'remove'; readonly variantId: VariantId }
  | { readonly id: string; readonly type: 'clear' }

export type CartAnswer = { readonly id: CartId }

/** The request that an intent is: answered once, by whichever node it reaches first. */
export const requestOfIntent = (id: CartId, intent: { readonly id: string }): string =>
  `intent/${id}/${intent.id}`

export const createCart: Decide<{ readonly id: CartId }, CartAnswer> = (world, { id }) =>
  ok({
    type: 'cart.created',
    deltas: [
      draftDelta(
        cart,
        id,
        edit(cart, world.read(cart, id), {
          created: (log) => eventLog.append(log, world.time, null),
        }),
      ),
    ],
    answer: { id },
  })

export interface IntentsInput {
  readonly id: CartId
  readonly intents: readonly Intent[]
}

/** Does all that is intended and was not done before, or, if one of it may not be, nothing. */
export const applyIntents: Decide<IntentsInput, CartAnswer> = (world, { id, intents }) => {
  const fresh = intents.filter((intent) => !world.isAnswered(requestOfIntent(id, intent)))
  const before = world.read(cart, id)
  const draft = draftOf(world, before)
  const edits: Edit<Cart['store']['tags']>[] = []
  for (const intent of fresh) {
    const step = decideIntent(world, draft, intent)
    if (!step.ok) return refused({ ...step.refusal, intent: intent.id })
    edits.push(step.value)
  }
  return ok({
    type: 'cart.updated',
    details: { intents: fresh.map(({ type }) => type) },
    deltas: [draftDelta(cart, id, rules.editTags(before, edits))],
    answer: { id },
    requests: fresh.map((intent) => requestOfIntent(id, intent)),
  })
}

/** The cart as it would be after the intents so far. */
interface Draft {
  readonly lines: Map<VariantId, { readonly quantity: number; readonly tags: number }>
  /** The currency that a variant is sold in here; undefined if it is not sold. */
  readonly currencyOf: (variant: VariantId) => string | undefined
}

const draftOf = (world: World, document: Cart): Draft => {
  const counts = tagCounts(document)
  // Asked once for each variant: a hundred intents on a hundred lines would ask ten thousand times.
  const known = new Map<VariantId, string | undefined>()
  return {
    lines: new Map(
      lines(document).map(({ variant, quantity }) => [
        variant,
        { quantity, tags: counts.get(variant) ?? 0 },
      ]),
    ),
    currencyOf: (variant) => {
      if (!known.has(variant)) known.set(variant, findCurrency(world, variant))
      return known.get(variant)
    },
  }
}

const decideIntent = (
  world: World,
  draft: Draft,
  intent: Intent,
): Result<Edit<Cart['store']['tags']>, Refusal> => {
  switch (intent.type) {
    case 'clear':
      draft.lines.clear()
      return ok(rules.clear)
    case 'remove':
      draft.lines.delete(intent.variantId)
      return ok(rules.remove(intent.variantId))
    case 'set':
      if (intent.quantity === 0) {
        draft.lines.delete(intent.variantId)
        return ok(rules.remove(intent.variantId))
      }
      return put(world, draft, intent, { quantity: intent.quantity, tags: 1 })
    default: {
      const before = draft.lines.get(intent.variantId) ?? { quantity: 0, tags: 0 }
      const quantity = before.quantity + intent.quantity
      return put(world, draft, intent, { quantity, tags: before.tags + 1 })
    }
  }
}

const put = (
  world: World,
  draft: Draft,
  intent: Extract<Intent, { quantity: number }>,
  after: { readonly quantity: number; readonly tags: number },
): Result<Edit<Cart['store']['tags']>, Refusal> => {
  const { id, type, variantId: variant, quantity } = intent
  const currency = draft.currencyOf(variant)
  if (currency === undefined) {
    return refused({ code: 'unknown_variant', detail: `There is no variant ${variant} to be sold` })
  }
  const other = draft.lines
    .keys()
    .map(draft.currencyOf)
    .find((one) => (one ?? currency) !== currency)
  if (other !== undefined) {
    const detail = `The cart holds what is priced in ${other}, not ${currency}`
    return refused({ code: 'currency_mismatch', detail })
  }
  if (after.quantity > quantityMax) {
    const detail = `A cart holds at most ${quantityMax} of one variant, not ${after.quantity}`
    return refused({ code: 'quantity_out_of_range', detail })
  }
  if (!draft.lines.has(variant) && draft.lines.size >= linesMax) {
    return refused({ code: 'cart_line_limit', detail: `A cart has at most ${linesMax} lines` })
  }
  draft.lines.set(variant, after)
  return draft.lines.values().reduce((sum, { tags }) => sum + tags, 0) > tagsMax
    ? refused(tooManyTags)
    : ok((type === 'add' ? rules.add : rules.set)(world, id, { variant, quantity }))
}

const tooManyTags: Refusal = {
  code: 'cart_line_limit',
  detail: `A cart keeps at most ${tagsMax} additions; set the quantity of a line instead of adding`,
}

const findCurrency = (world: World, variant: VariantId): string | undefined => {
  const document = world.read(product, productOf(variant))
  if (!isLive(document)) return undefined
  return variantsOf(document).find(({ id }) => id === variant)?.price.currency
}

export interface MergeInput {
  readonly guest: CartId
  readonly own: CartId
  readonly account: string
}

/**
 * Moves a guest's lines into the account's cart: the union of their tags. The tags keep their names
 * under the guest cart's, so that two regions that merge at once add each only once; what a guest
 * adds later is moved by the next merge, and `unmergeCart` moves it all back.
 */
export const mergeCart: Decide<MergeInput, CartAnswer> = (world, { guest, own, account }) => {
  if (guest === own) {
    return refused({ code: 'invalid_request', detail: "The cart is the account's own already" })
  }
  const from = world.read(cart, guest)
  const to = world.read(cart, own)
  const tags = namedTags(from)
  if (tags.length + to.store.tags.size > tagsMax) return refused(tooManyTags)
  const moved = tags.map(({ name, tag }) => ({ name: `${guest}/${name}`, tag }))
  return ok({
    type: 'cart.merged',
    details: { guest },
    deltas: [
      draftDelta(
        cart,
        own,
        edit(cart, to, {
          tags: rules.putAll(world, moved),
          account: (register) => lwwRegister.write(register, world.time, account),
        }),
      ),
      draftDelta(cart, guest, rules.editTags(from, [rules.clear])),
    ],
    answer: { id: own },
  })
}

/** Moves back what came from a guest's cart and is still there. */
export const unmergeCart: Decide<Omit<MergeInput, 'account'>, CartAnswer> = (
  world,
  { guest, own },
) => {
  const from = world.read(cart, own)
  const to = world.read(cart, guest)
  const prefix = `${guest}/`
  const tags = namedTags(from).filter(({ name }) => name.startsWith(prefix))
  if (tags.length + to.store.tags.size > tagsMax) return refused(tooManyTags)
  return ok({
    type: 'cart.unmerged',
    details: { guest },
    deltas: [
      draftDelta(
        cart,
        guest,
        rules.editTags(to, [
          rules.putAll(
            world,
            tags.map(({ name, tag }) => ({ name: name.slice(prefix.length), tag })),
          ),
        ]),
      ),
      draftDelta(cart, own, rules.editTags(from, [rules.dropAll(tags)])),
    ],
    answer: { id: guest },
  })
}
