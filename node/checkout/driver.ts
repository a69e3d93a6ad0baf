/**
 * Drives one run of a checkout to its end: asks the provider, commits, waits for a copy elsewhere, takes
 * the money. What it does next follows from what is stored and from nothing else, so that it begins in
 * the middle after a crash as it would have gone on before it.
 */

import { assert } from '../../crdt/assert.ts'
import { parseDot } from '../../crdt/dot.ts'
import type { Timers } from '../../sync/surroundings.ts'
import type { Core, Receipt } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import type { Refusal } from '../errors.ts'
import type { OrderId } from '../orders/order-id.ts'
import type { OpenRun } from '../orders/run.ts'
import type { PaymentProvider } from '../payments/provider.ts'
import type { Copies } from '../replication/copies.ts'
import { ok, refused, type Result } from '../result.ts'
import { acceptOrder, undoPlacement } from './accept-rules.ts'
import { conclude } from './conclude-rules.ts'
import { copyMsMax } from './limits.ts'
import { authorise, capture } from './payment-step.ts'
import { refusalOf } from './problem.ts'

/** Whether an order that only this node has is taken, with a note, or not at all. */
export type OrderDurability = 'prefer-replicated' | 'replicated'

export interface DriverDeps {
  /** The node's name. */
  readonly node: string
  readonly core: Pick<Core, 'read'>
  readonly pipeline: Pick<Pipeline, 'submit'>
  readonly provider: PaymentProvider
  readonly copies: Copies
  /** Whether there are other nodes that could have copies. */
  readonly hasOthers: () => boolean
  readonly durability: OrderDurability
  readonly timers: Timers
  /** Does what is left to do for a payment, as far as it can be done now; never rejects. */
  readonly settlePayment: (id: OrderId) => Promise<void>
}

export interface Driven {
  readonly id: OrderId
  readonly receipt: Receipt
  /** Durable copies of the order at other nodes. */
  readonly copies: number
}

export type Drive = (
  id: OrderId,
  run: OpenRun,
  /** Whether it was left in the middle: then somebody may have asked the provider before. */
  isResumed: boolean,
) => Promise<Result<Driven, Refusal>>

export const createDriver = (deps: DriverDeps): Drive => {
  const { node, core, pipeline, copies, timers } = deps
  const actor = `node/${node}`
  let ordinal = 0

  const drive: Drive = async (id, run, isResumed) => {
    if (isResumed) await deps.settlePayment(id)
    const result = await authorise({ core, provider: deps.provider, timers }, id, isResumed)
    const input = { id, run: run.dot, ordinal: ++ordinal, result }
    const concluded = await pipeline.submit({ decide: conclude, input, actor })
    assert(concluded.ok, 'a checkout always ends')
    const { answer, receipt } = concluded.value
    if (answer.problem) {
      void deps.settlePayment(id)
      return refused(refusalOf([answer.problem]))
    }
    return accept(id, receipt)
  }

  const accept = async (id: OrderId, receipt: Receipt): Promise<Result<Driven, Refusal>> => {
    const dot = parseDot(receipt.change)
    assert(dot !== undefined, 'a receipt names a change')
    const hasOthers = deps.hasOthers()
    const elsewhere = hasOthers ? await copies.waitForCopy(dot, copyMsMax) : 0
    if (elsewhere === 0 && deps.durability === 'replicated') return undo(id)
    const captured = await capture({ core, provider: deps.provider, timers }, id)
    const alone = elsewhere === 0 && hasOthers ? receipt.change : undefined
    if (captured || alone !== undefined) {
      await pipeline.submit({ decide: acceptOrder, input: { id, captured, alone }, actor })
    }
    if (!captured) void deps.settlePayment(id)
    return ok({ id, receipt, copies: elsewhere })
  }

  const undo = async (id: OrderId): Promise<Result<Driven, Refusal>> => {
    await pipeline.submit({ decide: undoPlacement, input: { id, by: actor }, actor })
    void deps.settlePayment(id)
    return refused(notReplicated)
  }

  return drive
}

export const notReplicated: Refusal = {
  code: 'order_not_replicated',
  detail: 'No other node is in reach that could keep a copy of the order',
}
