/**
 * Several rules in one change: each sees what those before it did, and what they all did to one
 * document is one delta. So an order, its stock, its payment and its cart change together, although
 * each of them is changed by a rule that knows nothing of the others.
 */

import * as causalContext from '../../crdt/causal-context.ts'
import type { Document, Schema } from '../../crdt/document.ts'
import type { Fields } from '../../crdt/dot-store.ts'
import type { DraftDelta, World } from '../core/capability.ts'
import { ok, type Result } from '../result.ts'

/** What one rule does; or why it cannot, and then none of them does anything. */
export type Turn<R> = (world: World) => Result<readonly DraftDelta[], R>

export const inTurn = <R>(
  world: World,
  turns: readonly Turn<R>[],
): Result<readonly DraftDelta[], R> => {
  const done = new Map<string, DraftDelta>()
  /** Documents as they are after what was done so far, once somebody has asked. */
  const joined = new Map<string, Document>()
  const after: World = {
    ...world,
    read: <F extends Fields>(schema: Schema<F>, id: string): Document<F> => {
      const key = keyOf(schema, id)
      const made = done.get(key)
      if (!made) return world.read(schema, id)
      // Under a key there are documents of this schema only.
      const known = joined.get(key) as Document<F> | undefined
      if (known) return known
      const after = schema.join(world.read(schema, id), made.delta as Document<F>)
      joined.set(key, after)
      return after
    },
    exists: (schema, id) =>
      world.exists(schema, id) ||
      !causalContext.isEmpty(done.get(keyOf(schema, id))?.delta.context ?? schema.bottom.context),
  }
  for (const turn of turns) {
    const result = turn(after)
    if (!result.ok) return result
    for (const made of result.value) {
      const key = keyOf(made.schema, made.id)
      const before = done.get(key)
      joined.delete(key)
      done.set(key, before ? { ...made, delta: made.schema.join(before.delta, made.delta) } : made)
    }
  }
  return ok([...done.values()])
}

const keyOf = ({ kind }: { readonly kind: string }, id: string): string => `${kind}/${id}`
