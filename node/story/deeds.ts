/** What the story did on both sides of the cut, for the proofs to hold against what came of it. */

import type { Money, NewCart } from './answers.ts'
import type { Cast } from './cast.ts'

export interface Deeds {
  readonly cast: Cast
  /** Opened in eu before the cut. */
  readonly cart: NewCart
  /** What each side made of the same price. */
  readonly prices: { readonly eu: Money; readonly us: Money }
  /** The description that us wrote while eu deleted the product. */
  readonly edit: string
  readonly twins: Twins
}

/** Two products that were created with one SKU. */
export interface Twins {
  readonly ids: { readonly eu: string; readonly us: string }
  readonly names: { readonly eu: string; readonly us: string }
}

export const quantities = {
  /** Of the shared product. */
  addedInEu: 2,
  addedInUs: 3,
  /** Of the returning one, before the cut and, after eu took it out, in us. */
  before: 1,
  again: 1,
  /** Of the repeated one. */
  once: 1,
} as const

export const tags = {
  /** Taken off in eu; nobody else touches it. */
  dropped: 'summer-sale',
  /** Put on in us. */
  added: 'new-season',
  /** Taken off in eu and put on again in us. */
  contested: 'staff-pick',
} as const

export const twinSku = 'ATOLL-STORY-LANTERN'
export const twinNames = { eu: 'Harbour lantern', us: 'Storm lantern' } as const
