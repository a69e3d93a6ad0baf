/**
 * Carts that nobody comes back to: each is noted once, by the node at which it was touched last. If
 * that node is not heard of any more, every other one notes it some time later; two that do so at once
 * have noted the same.
 */

import * as lwwRegister from '../../crdt/lww-register.ts'
import { edit } from '../../crdt/document.ts'
import type { Timers } from '../../sync/surroundings.ts'
import { draftDelta, type Decide, type World } from '../core/capability.ts'
import type { Core } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { ok, refused } from '../result.ts'
import { cart, touchedLast, type Abandonment } from './cart.ts'
import type { CartId } from './cart-id.ts'
import { abandonedAfterMs, abandonedAtOnce, sweepEveryMs } from './limits.ts'
import { abandonmentOf } from './projection.ts'
import type { CartQueries } from './queries.ts'
import { viewCart } from './view.ts'

export interface AbandonInput {
  readonly id: CartId
}

/** Notes that a cart was left behind, if it was, and it is for this node to note. */
export const abandonCart: Decide<AbandonInput, { readonly id: CartId }> = (world, { id }) => {
  const document = world.read(cart, id)
  const touched = touchedLast(document)
  const view = viewCart(world, id, document)
  if (!touched || view.itemCount === 0 || abandonmentOf(document) || !isDue(world, touched)) {
    return refused({ code: 'cart_not_found', detail: `Nobody left the cart ${id} behind` })
  }
  const left: Abandonment = {
    touchedMs: touched.ms,
    items: view.itemCount,
    amount: view.subtotal?.amount ?? 0,
    currency: view.subtotal?.currency ?? 'USD',
  }
  const delta = edit(cart, document, {
    abandonment: (register) => lwwRegister.write<Abandonment>(register, world.time, left),
  })
  return ok({
    type: 'cart.abandoned',
    details: left,
    deltas: [draftDelta(cart, id, delta)],
    answer: { id },
  })
}

// The other nodes wait twice as long, so that one alone speaks as long as all can hear each other.
const isDue = (
  { lineage, time }: Pick<World, 'lineage' | 'time'>,
  { ms, replica }: { readonly ms: number; readonly replica: World['replica'] },
): boolean => time.wallMs - ms >= abandonedAfterMs * (lineage.includes(replica) ? 1 : 2)

export interface AbandonmentSweep {
  /** Looks once, and resolves with how many carts were noted. */
  sweep(): Promise<number>
  close(): void
}

export interface SweepDeps {
  readonly core: Pick<Core, 'read' | 'lineage'>
  readonly pipeline: Pick<Pipeline, 'submit'>
  readonly queries: Pick<CartQueries, 'waiting'>
  readonly clock: { now(): number }
  readonly timers: Timers
  readonly failed: (error: unknown) => void
}

/** Looks for such carts from time to time. */
export const createAbandonmentSweep = (deps: SweepDeps): AbandonmentSweep => {
  const { core, pipeline, queries, clock, timers, failed } = deps
  let isClosed = false
  let cancel = (): void => undefined

  const sweep = async (): Promise<number> => {
    const nowMs = clock.now()
    const due = {
      replicas: core.lineage(),
      beforeMs: nowMs - abandonedAfterMs,
      anybodyBeforeMs: nowMs - 2 * abandonedAfterMs,
    }
    let noted = 0
    for (const id of queries.waiting(due, abandonedAtOnce)) {
      if (isClosed) break
      const done = await pipeline.submit({
        decide: abandonCart,
        input: { id },
        actor: 'node/abandonment',
        // Two nodes that notice at once make one request of it.
        request: {
          id: `abandoned/${id}/${touchedLast(core.read(cart, id))?.ms}`,
          fingerprint: 'abandoned',
        },
      })
      if (done.ok && !done.value.isRepeat) noted++
    }
    return noted
  }

  const again = (): void => {
    if (isClosed) return
    cancel = timers.after(sweepEveryMs, () => {
      void sweep().catch(failed).finally(again)
    })
  }
  again()

  return {
    sweep,
    close: () => {
      isClosed = true
      cancel()
    },
  }
}
