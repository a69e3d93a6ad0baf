/**
 * A document is a record of replicated fields under one causal context. Its schema names the fields
 * and their types, so that one join, one codec and one explanation serve every document.
 *
 * Each document counts its own dots: its context then settles into a plain version vector, however
 * many changes the replicas made elsewhere.
 */

import { assert } from './assert.ts'
import * as causalContext from './causal-context.ts'
import { lattice, type Causal } from './causal.ts'
import { dotRecord, type Field, type Fields, type RecordStore, type Shape } from './dot-store.ts'
import type { Lattice } from './lattice.ts'

export interface Schema<F extends Fields = Fields> extends Lattice<Document<F>> {
  /** The registered kind of the document: `product`, `cart` … */
  readonly kind: string
  /** Rises when a field is added; replicas tell each other which they speak. */
  readonly version: number
  readonly fields: F
  readonly shape: Shape<RecordStore<F>>
}

export type Document<F extends Fields = Fields> = Causal<RecordStore<F>>

/** A field's number is its name on the wire: once used, it is never given to another field. */
export const schema = <F extends Fields>(kind: string, version: number, fields: F): Schema<F> => {
  const shape = dotRecord(fields)
  return { kind, version, fields, shape, ...lattice(shape) }
}

/** Makes the delta of one mutation from a field's state. */
export type Edit<S> = (field: Causal<S>) => Causal<S>

/** Mutations by field; each of a list sees what those before it did. */
export type Edits<F extends Fields> = {
  readonly [N in keyof F]?: F[N] extends Field<infer S> ? Edit<S> | readonly Edit<S>[] : never
}

/** The delta of all these mutations together. */
export const edit = <F extends Fields>(
  { fields, shape }: Schema<F>,
  document: Document<F>,
  edits: Edits<F>,
): Document<F> => {
  const seen = causalContext.mutable(document.context)
  const own = causalContext.mutable(causalContext.bottom)
  const stores: Record<string, unknown> = { ...shape.bottom }
  for (const name of Object.keys(edits)) {
    const [, fieldShape] = fieldOf(fields, name)
    const given: Edit<unknown> | readonly Edit<unknown>[] | undefined = edits[name]
    const list = typeof given === 'function' ? [given] : (given ?? [])
    let store: unknown = document.store[name]
    for (const [index, editOnce] of list.entries()) {
      const step = editOnce({ store, context: seen })
      stores[name] = fieldShape.join(stores[name], step.store, { a: own, b: step.context })
      // Only a next edit looks at what this one left; a join of all of the field is not for nothing.
      const isLast = index === list.length - 1
      if (!isLast) store = fieldShape.join(store, step.store, { a: seen, b: step.context })
      causalContext.absorb(seen, step.context)
      causalContext.absorb(own, step.context)
    }
  }
  return { store: stores as RecordStore<F>, context: own }
}

const fieldOf = (fields: Fields, name: string): Field => {
  const field = fields[name]
  assert(field !== undefined, `a document has the field ${name} that is to be edited`)
  return field
}

/** Whether a delta says nothing at all. */
export const isEmpty = ({ context }: Document): boolean => causalContext.isEmpty(context)
