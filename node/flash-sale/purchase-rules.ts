/** How a buyer gets units of a sale, keeps them, or gives them back: pure functions of the world. */

import { edit } from '../../crdt/document.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orMap from '../../crdt/or-map.ts'
import { draftDelta, type Decide, type DraftDelta, type World } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import { hold, giveBack, release, sell } from '../inventory/reservation.ts'
import { ok, refused, type Result } from '../result.ts'
import { attemptsPerBuyerMax, payWithinMs } from './limits.ts'
import {
  attemptShape,
  countedUnits,
  judge,
  purchase,
  purchaseIdOf,
  type Attempt,
  type AttemptState,
  type JudgedAttempt,
} from './purchase.ts'
import { sale, stateOf, termsOf, type SaleId, type Terms } from './sale.ts'

export interface AttemptInput {
  readonly sale: SaleId
  readonly buyer: string
  readonly units: number
  /** Names the attempt. */
  readonly attempt: string
}

export type AttemptAnswer = {
  readonly attemptId: string
  readonly saleId: string
  readonly quantity: number
  readonly state: AttemptState
  readonly payUntil: string
}

/** Sets units aside for a buyer, if the sale is on, the limit allows it, and this node has the rights. */
export const attemptPurchase: Decide<AttemptInput, AttemptAnswer> = (world, input) => {
  const on = saleThatIsOn(world, input.sale)
  if (!on.ok) return on
  const { variant, perBuyer } = on.value
  const nowMs = world.time.wallMs
  const document = world.read(purchase, purchaseIdOf(input.sale, input.buyer))
  const attempts = judge(document, { perBuyer, nowMs })
  const left = perBuyer - countedUnits(attempts)
  if (input.units > left || attempts.length >= attemptsPerBuyerMax) {
    const detail = `One buyer gets ${perBuyer}; ${Math.max(left, 0)} are left for you`
    return refused({ code: 'purchase_limit_reached', detail, perBuyer, left: Math.max(left, 0) })
  }
  const untilMs = nowMs + payWithinMs
  const taken = hold(world, {
    checkout: checkoutOf(input.attempt),
    wanted: [{ variant, units: input.units }],
    untilMs,
  })
  if (!taken.ok) {
    const { lines } = taken.refusal
    const detail = 'Nobody in reach has any left'
    return refused({ code: 'sold_out', detail, shortage: { kind: 'shortage', lines } })
  }
  const { held, deltas } = taken.value
  const made = { held, units: input.units, atMs: nowMs, untilMs, state: 'held' } as const
  return ok({
    type: 'purchase.attempted',
    deltas: [...deltas, attemptDelta(world, input, made)],
    answer: answerOf(input, { ...made, shown: 'held' }),
  })
}

export type AttemptName = Omit<AttemptInput, 'units'>

/** Turns what was set aside into a sale: for whoever took the payment. */
export const buy = (
  world: World,
  name: AttemptName,
): Result<{ readonly deltas: readonly DraftDelta[]; readonly attempt: Attempt }, Refusal> => {
  const found = findAttempt(world, name)
  if (!found.ok) return found
  if (found.value.shown !== 'held' && found.value.shown !== 'expired') {
    const detail = `The purchase is ${found.value.shown}`
    return refused({ code: 'purchase_not_found', detail })
  }
  const { held } = found.value
  const sold = sell(world, { checkout: checkoutOf(name.attempt), held })
  if (!sold.ok) {
    const detail = 'It was not paid in time, and somebody else has bought it'
    return refused({ code: 'sold_out', detail, shortage: sold.refusal })
  }
  const attempt = { ...stored(found.value), state: 'bought' } as const
  return ok({ deltas: [...sold.value, attemptDelta(world, name, attempt)], attempt })
}

/** `buy` as a command of its own. */
export const confirmPurchase: Decide<AttemptName, AttemptAnswer> = (world, name) => {
  const bought = buy(world, name)
  if (!bought.ok) return bought
  const { deltas, attempt } = bought.value
  return ok({
    type: 'purchase.confirmed',
    deltas,
    answer: answerOf(name, { ...attempt, shown: 'bought' }),
  })
}

/** Gives units back, so that somebody else may have them: by the buyer's wish, or by the limit. */
export const undoPurchase: Decide<AttemptName, AttemptAnswer> = (world, name) => {
  const found = findAttempt(world, name)
  if (!found.ok) return found
  const { state, held } = found.value
  if (state === 'given_back') {
    return refused({ code: 'purchase_not_found', detail: 'The purchase is given back already' })
  }
  const back =
    state === 'held'
      ? release(world, { checkout: checkoutOf(name.attempt), held })
      : giveBack(world, { held, reason: 'purchase undone' })
  const attempt = { ...stored(found.value), state: 'given_back' } as const
  return ok({
    type: 'purchase.undone',
    deltas: [...back, attemptDelta(world, name, attempt)],
    answer: answerOf(name, { ...attempt, shown: 'given_back' }),
  })
}

/** The attempts beyond the limit that this node let in, and so has to undo. */
export const owedUndoings = (
  world: World,
  { sale: id, buyer }: Pick<AttemptInput, 'sale' | 'buyer'>,
): readonly AttemptName[] => {
  const terms = termsOf(world.read(sale, id))
  if (!terms) return []
  const document = world.read(purchase, purchaseIdOf(id, buyer))
  return judge(document, { perBuyer: terms.perBuyer, nowMs: world.time.wallMs })
    .filter(({ shown, replica }) => shown === 'over_limit' && world.lineage.includes(replica))
    .map(({ name }) => ({ sale: id, buyer, attempt: name }))
}

/** Under what name the stock knows the checkout of an attempt. */
export const checkoutOf = (attempt: string): string => `purchase/${attempt}`

export const answerOf = (
  { sale, attempt }: Pick<AttemptInput, 'sale' | 'attempt'>,
  { units, untilMs, shown }: Pick<JudgedAttempt, 'units' | 'untilMs' | 'shown'>,
): AttemptAnswer => ({
  attemptId: attempt,
  saleId: sale,
  quantity: units,
  state: shown,
  payUntil: new Date(untilMs).toISOString(),
})

const saleThatIsOn = (world: World, id: SaleId): Result<Terms, Refusal> => {
  const document = world.read(sale, id)
  const terms = termsOf(document)
  const state = stateOf(document, world.time.wallMs)
  if (!terms || !state) {
    return refused({ code: 'sale_not_found', detail: `There is no sale ${id}` })
  }
  if (state === 'on') return ok(terms)
  const detail = `The sale is ${state}`
  const startsAt = new Date(terms.startsMs).toISOString()
  return refused({ code: 'sale_not_active', detail, ...(state === 'planned' ? { startsAt } : {}) })
}

const findAttempt = (
  world: World,
  { sale: id, buyer, attempt }: AttemptName,
): Result<JudgedAttempt, Refusal> => {
  const perBuyer = termsOf(world.read(sale, id))?.perBuyer ?? 0
  const document = world.read(purchase, purchaseIdOf(id, buyer))
  const found = judge(document, { perBuyer, nowMs: world.time.wallMs }).find(
    ({ name }) => name === attempt,
  )
  return found
    ? ok(found)
    : refused({ code: 'purchase_not_found', detail: `There is no purchase ${attempt}` })
}

const stored = ({ held, units, atMs, untilMs, state }: JudgedAttempt): Attempt => ({
  held,
  units,
  atMs,
  untilMs,
  state,
})

const attemptDelta = (
  world: World,
  { sale: id, buyer, attempt }: AttemptName,
  value: Attempt,
): DraftDelta => {
  const purchaseId = purchaseIdOf(id, buyer)
  return draftDelta(
    purchase,
    purchaseId,
    edit(purchase, world.read(purchase, purchaseId), {
      attempts: (map) =>
        orMap.update(map, attemptShape, {
          key: attempt,
          edit: (register) => lwwRegister.write(register, world.time, value),
        }),
    }),
  )
}
