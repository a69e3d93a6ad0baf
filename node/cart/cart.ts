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
import type { Dot, ReplicaId } from '../../crdt/dot.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orMap from '../../crdt/or-map.ts'
import type { Value } from '../../crdt/value.ts'
import { isVariantId, type VariantId } from '../catalog/ids.ts'
import type { World } from '../core/capability.ts'
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

/** What was left behind in a cart, and since when. */
export type Abandonment = {
  /** When it was touched last before. Touched again, it is abandoned no more. */
  readonly touchedMs: number
  readonly items: number
  /** What could be sold of it, at that day's prices. */
  readonly amount: number
  readonly currency: string
}

const isAbandonment = (value: Value): value is Abandonment =>
  isFields(value) &&
  isText(value['currency'] ?? null) &&
  [value['touchedMs'], value['items'], value['amount']].every((count) => isNatural(count ?? null))

export const cart = schema('cart', 2, {
  /** By the name of the intent that left the tag. */
  tags: [1, orMap.shape(tagShape)],
  created: [2, eventLog.shape(isNull)],
  /** The account whose cart it is; null or nothing for a guest's. */
  account: [3, lwwRegister.shape(isTextOrNull)],
  /** What is kept for later, and not ordered with the rest: tags like those of the cart. */
  saved: [4, orMap.shape(tagShape)],
  /** When somebody noticed that nobody comes back to it. */
  abandonment: [5, lwwRegister.shape(isAbandonment)],
})

export type Cart = Document<typeof cart.fields>

export interface Line {
  readonly variant: VariantId
  readonly quantity: number
}

/** The two parts of a cart: what is to be bought, and what is kept for later. */
export type Part = 'tags' | 'saved'

/** What a part of the cart holds: a line for each variant, in the order in which they came in. */
export const lines = (document: Cart, part: Part = 'tags'): readonly Line[] => {
  // Grouping keeps the order in which groups and their members come first.
  const tags = tagsOf(document, part).toSorted(compareTags)
  return [...Map.groupBy(tags, ({ tag }) => tag.variant)]
    .map(([variant, own]) => ({ variant, quantity: quantityOf(own) }))
    .filter(({ quantity }) => quantity > 0)
}

export interface NamedTag {
  readonly name: string
  readonly tag: Tag
}

interface WrittenTag extends NamedTag {
  readonly entry: Parameters<typeof lwwRegister.compareEntries<Tag>>[0]
}

const tagsOf = ({ store }: Cart, part: Part): readonly WrittenTag[] =>
  [...store[part]].flatMap(([name, register]) => {
    const [entry] = lwwRegister.siblings<Tag>({ store: register })
    return entry ? [{ name, tag: entry.value.value, entry }] : []
  })

/** The tags that a delta brings to what is to be bought. */
export const tagsWritten = (delta: Cart): readonly Tag[] =>
  tagsOf(delta, 'tags').map(({ tag }) => tag)

const compareTags = (a: WrittenTag, b: WrittenTag): number =>
  lwwRegister.compareEntries(a.entry, b.entry)

// Earliest first: the last tag that sets is the latest. One cart's lines and those that came with a
// guest's are counted apart and added up, so that neither's "how many in all" ends the other's.
const quantityOf = (tags: readonly NamedTag[]): number => {
  let quantity = 0
  for (const own of Map.groupBy(tags, ({ name }) => originOf(name)).values()) {
    const latest = own.findLast(({ tag }) => tag.sets)
    for (const one of own) if (!one.tag.sets || one === latest) quantity += one.tag.quantity
  }
  return quantity
}

// `<guest cart>/` for a tag that came with a guest's cart; nothing for the cart's own. No intent's id
// has a slash in it.
const originOf = (name: string): string => name.slice(0, name.lastIndexOf('/') + 1)

/** How many tags each variant's line is made of. */
export const tagCounts = (document: Cart): ReadonlyMap<VariantId, number> => {
  const counts = new Map<VariantId, number>()
  for (const { tag } of tagsOf(document, 'tags')) {
    counts.set(tag.variant, (counts.get(tag.variant) ?? 0) + 1)
  }
  return counts
}

/** The mutation that adds `quantity` more of a variant, under the intent's name. */
export const add = (
  world: World,
  name: string,
  { variant, quantity }: Line,
): Edit<Cart['store']['tags']> => put(world, name, { variant, quantity, sets: false })

/** The mutation that puts a tag under a name. */
export const put =
  ({ time }: World, name: string, tag: Tag): Edit<Cart['store']['tags']> =>
  (tags) =>
    orMap.update(tags, tagShape, {
      key: name,
      edit: (register) => lwwRegister.write(register, time, tag),
    })

/** The mutation that puts many tags, each under a name of its own, in this order. */
export const putAll =
  (world: World, named: readonly NamedTag[]): Edit<Cart['store']['tags']> =>
  (tags) => {
    const seen = causalContext.mutable(tags.context)
    const context = causalContext.mutable(causalContext.bottom)
    const store = new Map<string, typeof tagShape.bottom>()
    for (const { name, tag } of named) {
      const written = put(world, name, tag)({ store: tags.store, context: seen })
      causalContext.absorb(seen, written.context)
      causalContext.absorb(context, written.context)
      for (const [key, register] of written.store) store.set(key, register)
    }
    return { store, context }
  }

/** The mutation that sets a variant's quantity, whatever was seen of it before. */
export const set =
  (world: World, name: string, { variant, quantity }: Line): Edit<Cart['store']['tags']> =>
  (tags) => {
    const written = put(world, name, { variant, quantity, sets: true })(tags)
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
    ...[...tags.store.values()].flatMap((register) => [...register.values()].map(dotOf)),
  ),
})

const dotOf = ({ dot }: { readonly dot: Dot }): Dot => dot

const withRemoved = (
  context: causalContext.CausalContext,
  { store }: Pick<Parameters<Edit<Cart['store']['tags']>>[0], 'store'>,
  variant: VariantId,
): causalContext.CausalContext => {
  const dots = [...store.values()].flatMap((register) =>
    [...register.values()].filter(({ value }) => value.value.variant === variant),
  )
  return causalContext.join(context, causalContext.of(...dots.map(dotOf)))
}

/**
 * All tags with their names, earliest first: what a cart hands over when it is merged into another.
 * Put one after the other, they keep their order, and with it which of two that set is the latest.
 */
export const namedTags = (document: Cart, part: Part = 'tags'): readonly NamedTag[] =>
  tagsOf(document, part).toSorted(compareTags)

/** When the latest tag was left, and by whom; undefined for a cart that holds nothing. */
export const touchedLast = (
  document: Cart,
): { readonly ms: number; readonly replica: ReplicaId } | undefined => {
  const latest = tagsOf(document, 'tags').toSorted(compareTags).at(-1)?.entry
  return latest && { ms: latest.value.wallMs, replica: latest.dot.replica }
}

/** The mutation that takes these tags away, as far as they were seen. */
export const dropAll =
  (named: readonly NamedTag[]): Edit<Cart['store']['tags']> =>
  (tags) => ({
    store: new Map(),
    context: causalContext.of(
      ...named.flatMap(({ name }) => [...(tags.store.get(name)?.values() ?? [])].map(dotOf)),
    ),
  })

/** The delta of these mutations, each of which sees what those before it did. */
export const editTags = (document: Cart, edits: readonly Edit<Cart['store']['tags']>[]): Cart =>
  edit(cart, document, { tags: edits })
