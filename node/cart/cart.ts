/**
 * A cart: lines that several devices and regions may change at once, without losing what a shopper did.
 *
 * Every intent to add or set leaves a tag, named by the intent. An add's tag holds how many more; a
 * line's quantity is the sum of its tags. Removing and clearing take away the tags that were seen, so
 * that an add nobody saw survives, and nothing comes back from the dead.
 *
 * What of two devices that set the same line at once? Their sum would be what neither wanted. A tag
 * that sets says how many in all: of several, the latest counts, and adds it had not seen come on top.
 */

import * as causalContext from '../../crdt/causal-context.ts'
import { edit, schema, type Document, type Edit } from '../../crdt/document.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orMap from '../../crdt/or-map.ts'
import type { Value } from '../../crdt/value.ts'
import { isVariantId, type VariantId } from '../catalog/ids.ts'
import { documentKind, type World } from '../core/capability.ts'
import { isBoolean, isFields, isNatural, isNull, isText, isTextOrNull } from '../guards.ts'

export type Tag = {
  readonly variant: VariantId
  readonly quantity: number
  /** Whether it says how many in all, and not how many more. */
  readonly sets: boolean
}

const isTag = (value: Value): value is Tag => {
  if (!isFields(value)) return false
  const { variant = null, quantity = null, sets = null } = value
  return isText(variant) && isVariantId(variant) && isNatural(quantity) && isBoolean(sets)
}

const tagShape = lwwRegister.shape(isTag)

export const cart = schema('cart', 1, {
  /** By the name of the intent that left the tag. */
  tags: [1, orMap.shape(tagShape)],
  created: [2, eventLog.shape(isNull)],
  /** The account whose cart it is; null or nothing for a guest's. */
  account: [3, lwwRegister.shape(isTextOrNull)],
})

export type Cart = Document<typeof cart.fields>

export const cartKind = documentKind({ schema: cart, tables: [], project: () => ({}) })

export interface Line {
  readonly variant: VariantId
  readonly quantity: number
}

/** What the cart holds: a line for each variant, in the order in which they came in. */
export const lines = (document: Cart): readonly Line[] => {
  const tagsByVariant = Map.groupBy(tagsOf(document), ({ tag }) => tag.variant)
  return [...tagsByVariant]
    .map(([variant, tags]) => ({ variant, tags: tags.sort(compareTags) }))
    .sort((a, b) => compareTags(a.tags[0]!, b.tags[0]!))
    .map(({ variant, tags }) => ({ variant, quantity: quantityOf(tags) }))
    .filter(({ quantity }) => quantity > 0)
}

interface NamedTag {
  readonly name: string
  readonly tag: Tag
  readonly entry: Parameters<typeof lwwRegister.compareEntries<Tag>>[0]
}

const tagsOf = ({ store }: Cart): readonly NamedTag[] =>
  [...store.tags].flatMap(([name, register]) => {
    const [entry] = lwwRegister.siblings<Tag>({ store: register })
    return entry ? [{ name, tag: entry.value.value, entry }] : []
  })

const compareTags = (a: NamedTag, b: NamedTag): number =>
  lwwRegister.compareEntries(a.entry, b.entry)

// Earliest first: the last tag that sets is the latest.
const quantityOf = (tags: readonly NamedTag[]): number => {
  const latest = tags.findLast(({ tag }) => tag.sets)
  let quantity = latest?.tag.quantity ?? 0
  for (const { tag } of tags) if (!tag.sets) quantity += tag.quantity
  return quantity
}

/** The mutation that adds `quantity` more of a variant, under the intent's name. */
export const add =
  ({ time }: World, name: string, { variant, quantity }: Line): Edit<Cart['store']['tags']> =>
  (tags) =>
    orMap.update(tags, tagShape, {
      key: name,
      edit: (register) => lwwRegister.write(register, time, { variant, quantity, sets: false }),
    })

/** The mutation that sets a variant's quantity, whatever was seen of it before. */
export const set =
  ({ time }: World, name: string, { variant, quantity }: Line): Edit<Cart['store']['tags']> =>
  (tags) => {
    const written = orMap.update(tags, tagShape, {
      key: name,
      edit: (register) => lwwRegister.write(register, time, { variant, quantity, sets: true }),
    })
    return { store: written.store, context: withRemoved(written.context, tags, variant) }
  }

/** The mutation that takes a variant out, as far as it was seen. */
export const remove =
  (variant: VariantId): Edit<Cart['store']['tags']> =>
  (tags) => ({ store: new Map(), context: withRemoved(causalContext.bottom, tags, variant) })

/** The mutation that empties the cart, as far as it was seen. */
export const clear: Edit<Cart['store']['tags']> = (tags) => ({
  store: new Map(),
  context: causalContext.of(
    ...[...tags.store.values()].flatMap((register) => [...register.values()].map(({ dot }) => dot)),
  ),
})

const withRemoved = (
  context: causalContext.CausalContext,
  { store }: Pick<Parameters<Edit<Cart['store']['tags']>>[0], 'store'>,
  variant: VariantId,
): causalContext.CausalContext => {
  const dots = [...store.values()].flatMap((register) =>
    [...register.values()].filter(({ value }) => value.value.variant === variant),
  )
  return causalContext.join(context, causalContext.of(...dots.map(({ dot }) => dot)))
}

/** What a guest's cart hands over: one name and quantity for each of its lines' effective tags. */
export const effectiveTags = (document: Cart): readonly (Line & { readonly name: string })[] => {
  const tagsByVariant = Map.groupBy(tagsOf(document), ({ tag }) => tag.variant)
  return [...tagsByVariant.values()].flatMap((tags) => {
    const latest = tags
      .filter(({ tag }) => tag.sets)
      .sort(compareTags)
      .at(-1)
    return tags
      .filter((one) => !one.tag.sets || one === latest)
      .map(({ name, tag: { variant, quantity } }) => ({ name, variant, quantity }))
  })
}

/** The mutation that takes one tag away, as far as it was seen. */
export const dropTag =
  (name: string): Edit<Cart['store']['tags']> =>
  (tags) =>
    orMap.remove(tags, tagShape, name)

/** The delta of these mutations, each of which sees what those before it did. */
export const editTags = (document: Cart, edits: readonly Edit<Cart['store']['tags']>[]): Cart =>
  edit(cart, document, { tags: edits })
