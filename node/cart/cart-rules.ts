/** What a shopper may do to a cart: intents in, one change out; pure functions of the world. */

import { edit, type Edit } from '../../crdt/document.ts'
import * as eventLog from '../../crdt/event-log.ts'
import { productOf, type VariantId } from '../catalog/ids.ts'
import { isLive, product, variantsOf } from '../catalog/product.ts'
import { draftDelta, type Decide, type World } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import { ok, refused, type Result } from '../result.ts'
import * as rules from './cart.ts'
import { cart, lines, tagCounts, type Cart } from './cart.ts'
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
  | {
      readonly id: string
      /** `save` keeps a line for later, `unsave` puts it back, `discard` lets go of what was kept. */
      readonly type: 'remove' | 'save' | 'unsave' | 'discard'
      readonly variantId: VariantId
    }
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
  const linesBefore = [...draft.lines.keys()]
  const steps: Step[] = []
  for (const intent of fresh) {
    const step = decideIntent(world, draft, intent)
    if (!step.ok) return refused({ ...step.refusal, intent: intent.id })
    steps.push(step.value)
  }
  // A delta says which tags went, and not of which lines: who hears of it later is told here.
  const removed = linesBefore.filter((variant) => !draft.lines.has(variant))
  const delta = edit(cart, before, {
    tags: steps.flatMap(({ tags = [] }) => tags),
    saved: steps.flatMap(({ saved = [] }) => saved),
  })
  return ok({
    type: 'cart.updated',
    details: {
      intents: fresh.map(({ type }) => type),
      ...(removed.length > 0 ? { removed } : {}),
    },
    deltas: [draftDelta(cart, id, delta)],
    answer: { id },
    requests: fresh.map((intent) => requestOfIntent(id, intent)),
  })
}

type TagEdit = Edit<Cart['store']['tags']>

/** What an intent does to each part of the cart. */
interface Step {
  readonly tags?: TagEdit
  readonly saved?: TagEdit
}

/** The cart as it would be after the intents so far. */
interface Draft {
  readonly saved: Map<VariantId, number>
  readonly lines: Map<VariantId, { readonly quantity: number; readonly tags: number }>
  /** The currency that a variant is sold in here; undefined if it is not sold. */
  readonly currencyOf: (variant: VariantId) => string | undefined
}

const draftOf = (world: World, document: Cart): Draft => {
  const counts = tagCounts(document)
  // Asked once for each variant: a hundred intents on a hundred lines would ask ten thousand times.
  const known = new Map<VariantId, string | undefined>()
  return {
    saved: new Map(lines(document, 'saved').map(({ variant, quantity }) => [variant, quantity])),
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

const decideIntent = (world: World, draft: Draft, intent: Intent): Result<Step, Refusal> => {
  switch (intent.type) {
    case 'clear':
      draft.lines.clear()
      return ok({ tags: rules.clear })
    case 'remove':
      draft.lines.delete(intent.variantId)
      return ok({ tags: rules.remove(intent.variantId) })
    case 'save':
      return save(world, draft, intent)
    case 'unsave':
      return unsave(world, draft, intent)
    case 'discard':
      draft.saved.delete(intent.variantId)
      return ok({ saved: rules.remove(intent.variantId) })
    case 'set':
      if (intent.quantity === 0) {
        draft.lines.delete(intent.variantId)
        return ok({ tags: rules.remove(intent.variantId) })
      }
      return put(world, draft, intent, { quantity: intent.quantity, tags: 1 })
    default: {
      const before = draft.lines.get(intent.variantId) ?? { quantity: 0, tags: 0 }
      const quantity = before.quantity + intent.quantity
      return put(world, draft, intent, { quantity, tags: before.tags + 1 })
    }
  }
}

type OfVariant = { readonly id: string; readonly variantId: VariantId }

// Both ways set how many in all: two devices that save or unsave one line at once do it once.
const save = (
  world: World,
  { lines: inCart, saved }: Draft,
  { id, variantId: variant }: OfVariant,
): Result<Step, Refusal> => {
  const line = inCart.get(variant)
  if (!line) return ok({})
  if (!saved.has(variant) && saved.size >= linesMax) {
    return refused({
      code: 'cart_line_limit',
      detail: `At most ${linesMax} lines are kept for later`,
    })
  }
  const quantity = Math.min(line.quantity + (saved.get(variant) ?? 0), quantityMax)
  inCart.delete(variant)
  saved.set(variant, quantity)
  return ok({ tags: rules.remove(variant), saved: rules.set(world, id, { variant, quantity }) })
}

const unsave = (
  world: World,
  draft: Draft,
  { id, variantId }: OfVariant,
): Result<Step, Refusal> => {
  const kept = draft.saved.get(variantId)
  if (kept === undefined) return ok({})
  const quantity = kept + (draft.lines.get(variantId)?.quantity ?? 0)
  const back = put(world, draft, { id, type: 'set', variantId, quantity }, { quantity, tags: 1 })
  if (!back.ok) return back
  draft.saved.delete(variantId)
  return ok({ ...back.value, saved: rules.remove(variantId) })
}

const put = (
  world: World,
  draft: Draft,
  intent: Extract<Intent, { quantity: number }>,
  after: { readonly quantity: number; readonly tags: number },
): Result<Step, Refusal> => {
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
    : ok({ tags: (type === 'add' ? rules.add : rules.set)(world, id, { variant, quantity }) })
}

export const tooManyTags: Refusal = {
  code: 'cart_line_limit',
  detail: `A cart keeps at most ${tagsMax} additions; set the quantity of a line instead of adding`,
}

const findCurrency = (world: World, variant: VariantId): string | undefined => {
  const document = world.read(product, productOf(variant))
  if (!isLive(document)) return undefined
  return variantsOf(document).find(({ id }) => id === variant)?.price.currency
}
