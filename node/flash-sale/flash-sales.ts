/**
 * The flash sales of a running node: keeps the gate, lets attempts in one after the other, and undoes
 * what was let in beyond a buyer's limit.
 *
 *     attempt ── gate closed ──▶ sold out
 *        └─ open ─▶ throttle ─▶ queue ─▶ writer: limit, rights, units set aside ─▶ pay within ten minutes
 */

import type { Clock, Random, Timers } from '../../sync/surroundings.ts'
import type { Outcome, RequestId } from '../core/core.ts'
import type { Refusal } from '../errors.ts'
import { Fault } from '../fault.ts'
import { createThrottle } from '../identity/throttle.ts'
import { parseStockId } from '../inventory/location-id.ts'
import type { Changed, Inventory } from '../inventory/inventory.ts'
import { stock } from '../inventory/stock.ts'
import type { Result } from '../result.ts'
import { createAdmission, type Admission, type Ticket } from './admission.ts'
import { createGate, type Gate } from './gate.ts'
import * as limits from './limits.ts'
import { parsePurchaseId, purchase } from './purchase.ts'
import {
  attemptPurchase,
  owedUndoings,
  undoPurchase,
  type AttemptAnswer,
  type AttemptInput,
} from './purchase-rules.ts'
import type { SaleQueries, SaleRow } from './queries.ts'
import { sale } from './sale.ts'

export interface FlashSales {
  /** Whether everything that is on sale is gone. */
  isSoldOut(): boolean
  /** Counts somebody who was told so without having asked for more. */
  noteTurnedAway(): void
  attempt(
    asked: AskedAttempt,
  ): Promise<Ticket<Attempted> | { readonly state: 'turned_away'; readonly refusal: Refusal }>
  look(attempt: string): Ticket<Attempted> | undefined
  /** The units of a sale that are left for those who come to this node now. */
  left(row: SaleRow): number
  counts(): Counts
  /** To be called after each durable transaction, with the documents it changed. */
  committed(changed: readonly Changed[]): void
  readonly gate: Pick<Gate, 'memory'>
  close(): void
}

export type Attempted = Result<Outcome<AttemptAnswer>, Refusal>

export interface AskedAttempt extends AttemptInput {
  readonly actor: string
  readonly request?: RequestId
}

/** Since this node started. */
export interface Counts {
  readonly attempts: number
  readonly admitted: number
  readonly soldOut: number
  readonly overLimit: number
  readonly tooFast: number
  readonly waiting: number
}

export interface FlashSalesDeps {
  readonly node: string
  readonly inventory: Pick<Inventory, 'world' | 'covered' | 'reachable'>
  readonly queries: Pick<SaleQueries, 'on'>
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly failed: (error: unknown) => void
}

export const createFlashSales = (deps: FlashSalesDeps): FlashSales => {
  const { inventory, queries, clock, timers } = deps
  const gate = createGate(limits.salesOnMax)
  const admission: Admission<Attempted> = createAdmission(deps)
  const throttle = createThrottle({
    clock,
    burst: limits.attemptsBurst,
    refillMs: limits.attemptRefillMs,
    keysMax: limits.buyersRemembered,
  })
  let on: readonly SaleRow[] = []
  const counts = { attempts: 0, admitted: 0, soldOut: 0, overLimit: 0, tooFast: 0 }

  const left = ({ variant }: SaleRow): number => inventory.reachable(variant)

  const look = () => {
    on = queries.on(clock.now(), limits.salesOnMax)
    gate.set(on.map(left))
  }

  const note = (result: Attempted): Attempted => {
    if (result.ok) counts.admitted++
    else if (result.refusal.code === 'sold_out') counts.soldOut++
    else if (result.refusal.code === 'purchase_limit_reached') counts.overLimit++
    return result
  }

  const undo = async (id: string) => {
    const parsed = parsePurchaseId(id)
    if (!parsed) return
    const actor = `node/${deps.node}`
    for (const owed of owedUndoings(inventory.world(), parsed)) {
      await inventory.covered({ decide: undoPurchase, input: { ...owed, by: actor }, actor })
    }
  }

  let cancel = () => {}
  const again = () => {
    cancel = timers.after(limits.lookEveryMs, () => {
      look()
      again()
    })
  }
  look()
  again()

  return {
    isSoldOut: gate.isClosed,
    noteTurnedAway: () => {
      counts.attempts++
      counts.soldOut++
    },

    attempt: async ({ actor, request, ...input }) => {
      counts.attempts++
      // Who asks again about the same attempt is not made to wait for it.
      const known = admission.look(input.attempt)
      const waitMs = known ? 0 : throttle.take(input.buyer)
      if (waitMs > 0) {
        counts.tooFast++
        const detail = 'One buyer may try once a second'
        return { state: 'turned_away', refusal: tooFast(detail, waitMs) }
      }
      return admission.enter(input.attempt, async () =>
        note(
          await inventory.covered({
            decide: attemptPurchase,
            input,
            actor,
            ...(request ? { request } : {}),
          }),
        ),
      )
    },

    look: (attempt) => admission.look(attempt),
    left,
    counts: () => ({ ...counts, waiting: admission.waiting() }),
    gate,

    committed: (changed) => {
      let isStale = false
      for (const { kind, id } of changed) {
        const { kind: name } = kind.schema
        if (name === sale.kind) isStale = true
        else if (name === stock.kind && on.length > 0) isStale ||= isOnSale(on, id)
        else if (name === purchase.kind) undo(id).catch(failing(deps.failed))
      }
      if (isStale) look()
    },

    close: () => cancel(),
  }
}

const isOnSale = (on: readonly SaleRow[], id: string): boolean => {
  const variant = parseStockId(id)?.variant
  return on.some((row) => row.variant === variant)
}

const tooFast = (detail: string, waitMs: number): Refusal => ({
  code: 'too_many_requests',
  detail,
  retryAfterSeconds: waitMs / 1_000,
})

// Shutting down or full: what is left over the limit is undone after the next change or start.
const failing =
  (failed: (error: unknown) => void) =>
  (error: unknown): void => {
    if (!(error instanceof Fault)) failed(error)
  }
