/**
 * Runs checkouts: those that are asked for, and those that somebody left in the middle.
 *
 * A request that comes again, here or at another node, is the same checkout. If it runs here, both wait
 * for one end; if it is over, it is told; if another node runs it and is in reach, that is waited for;
 * if not, a run of our own begins on the same terms, and the order tells afterwards which one counts.
 *
 * What was left in the middle (by a crash, a payment whose result nobody knew, a change of another
 * node) is found in two ways: by the documents that a commit changed, and by looking every second.
 */

import type { Clock } from '../../sync/surroundings.ts'
import { parseDot } from '../../crdt/dot.ts'
import type { Command, Core, Receipt } from '../core/core.ts'
import type { CachedDocument } from '../core/document-cache.ts'
import type { Refusal } from '../errors.ts'
import { Fault } from '../fault.ts'
import type { Inventory } from '../inventory/inventory.ts'
import { isUnsettled } from '../orders/attend.ts'
import { isOrderId, type OrderId } from '../orders/order-id.ts'
import * as orderLog from '../orders/order-log.ts'
import { attendOrder } from '../orders/order-rules.ts'
import type { Order } from '../orders/order.ts'
import { isOpen, type OpenRun, type Run } from '../orders/run.ts'
import type { CouponBroker } from '../promotions/coupon-broker.ts'
import { ok, refused, type Result } from '../result.ts'
import { notReplicated } from './accept-rules.ts'
import { takeOver, type BeginAnswer, type BeginInput } from './begin-rules.ts'
import { abandon, requestOf } from './conclude-rules.ts'
import * as driver from './driver.ts'
import type { DriverDeps, Driven } from './driver.ts'
import { createLater } from './later.ts'
import { checkoutsMax, couponMsMax, ownerMsMax, sweepMs, sweptMax } from './limits.ts'
import { ownerOf, type Owner } from './owners.ts'
import { refusalOf, type Problem } from './problem.ts'
import type { CheckoutQueries } from './queries.ts'

export interface Checkouts {
  /** Runs a checkout to its end, or tells how it ended before; the order is then to be read. */
  place(command: Command<BeginInput, BeginAnswer>): Promise<Result<Driven, Refusal>>
  /** To be called after every commit, with the documents it changed. */
  committed(changed: readonly CachedDocument[]): void
  /** Finishes what was begun before this process. */
  begin(): void
  close(): Promise<void>
}

export interface CheckoutsDeps extends DriverDeps {
  readonly core: Pick<Core, 'read' | 'lineage' | 'findReceipt'>
  /** Submits a command, again with rights from other nodes while it is refused for want of them. */
  readonly covered: Inventory['covered']
  readonly coupons: Pick<CouponBroker, 'fetch'>
  readonly queries: CheckoutQueries
  /** The names of the nodes that are connected. */
  readonly inReach: () => ReadonlySet<string>
  readonly clock: Clock
  readonly soon: (work: () => void) => void
  readonly failed: (error: unknown) => void
}

type Ended = Result<Driven, Refusal>

export const createCheckouts = (deps: CheckoutsDeps): Checkouts => {
  const { node, core, pipeline, queries, timers } = deps
  const actor = `node/${node}`
  const drive = driver.createDriver(deps)
  /** Runs that are driven, with their ends, and what else is being done about orders. */
  const driven = new Map<OrderId, Promise<Ended>>()
  const tended = new Map<OrderId, Promise<void>>()
  const waiting = new Map<OrderId, Set<() => void>>()
  const later = createLater(deps.clock)
  let isClosed = false

  const readRuns = (id: OrderId): readonly Run[] => orderLog.runsOfOrder(core, id)
  const openRuns = (id: OrderId): readonly OpenRun[] => readRuns(id).filter(isOpen)
  const ownOpenRun = (id: OrderId): OpenRun | undefined =>
    openRuns(id).find(({ replica }) => core.lineage().includes(replica))
  const owner = (replica: OpenRun['replica']): Owner => ownerOf(core, replica, deps.inReach())

  /** Drives a run that is ours; whoever comes while it is driven waits for the same end. */
  const driveOnce = (id: OrderId, run: OpenRun, isResumed: boolean): Promise<Ended> => {
    const going = driven.get(id)
    if (going) return going
    const end = drive(id, run, isResumed)
    driven.set(id, end)
    // Not at once: the last commit of the run is still to be told, and nothing is due about it.
    const forget = () => deps.soon(() => driven.delete(id))
    end.then(forget, forget)
    return end
  }

  /** Begins, with units and uses of coupons that other nodes can spare if there are too few here. */
  const begin = async (command: Command<BeginInput, BeginAnswer>) => {
    const begun = await deps.covered(command)
    if (begun.ok || !lacksCoupons(begun.refusal)) return begun
    const { coupons: codes, account: customer } = command.input
    return (await deps.coupons.fetch({ codes, customer }, couponMsMax))
      ? deps.covered(command)
      : begun
  }

  const place: Checkouts['place'] = async (command) => {
    if (isClosed) throw new Fault('shutting_down', 'The node is shutting down')
    if (driven.size >= checkoutsMax)
      throw new Fault('overloaded', 'Too many checkouts are under way')
    const begun = await begin(command)
    if (!begun.ok) return refused(shown(begun.refusal))
    const { id } = begun.value.answer
    const run = begun.value.isRepeat ? undefined : ownOpenRun(id)
    return run ? driveOnce(id, run, false) : follow(id, begun.value.receipt)
  }

  /** How a checkout that was begun before ends. */
  const follow = async (
    id: OrderId,
    begun: Receipt,
    untilMs = deps.clock.monotonic() + ownerMsMax,
  ): Promise<Ended> => {
    const going = driven.get(id)
    if (going) return going
    const placed = orderLog.orderOf(core, id)
    if (placed) return told(id, placed, begun)
    const runs = readRuns(id)
    const open = runs.filter(isOpen)
    const own = ownOpenRun(id)
    if (own) return driveOnce(id, own, true)
    const [other] = open
    if (!other) return refused(endOf(runs))
    if (owner(other.replica) !== 'in_reach') return takeOverAndDrive(id)
    const isNews = await changeOf(id, untilMs - deps.clock.monotonic())
    return isNews ? follow(id, begun, untilMs) : refused(inProgress)
  }

  const takeOverAndDrive = async (id: OrderId): Promise<Ended> => {
    const taken = await pipeline.submit({ decide: takeOver, input: { id, node }, actor })
    if (!taken.ok) return taken
    const run = ownOpenRun(id)
    return run ? driveOnce(id, run, true) : refused(inProgress)
  }

  const told = (id: OrderId, placed: Order, begun: Receipt): Ended => {
    if (placed.history.some(({ note }) => note === notReplicated)) {
      return refused(driver.notReplicated)
    }
    // The log forgets after a month which change answered what; then the one that began it is told.
    const receipt = core.findReceipt(requestOf(id)) ?? begun
    const dot = parseDot(receipt.change)
    return ok({ id, receipt, copies: dot ? deps.copies.copies(dot) : 0 })
  }

  /** Resolves with true when one of the checkout's documents changes, with false after `ms`. */
  const changeOf = (id: OrderId, ms: number): Promise<boolean> => {
    if (ms <= 0) return Promise.resolve(false)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const waiters = waiting.get(id) ?? new Set()
    waiting.set(id, waiters)
    const wake = () => resolve(true)
    waiters.add(wake)
    const cancel = timers.after(ms, () => resolve(false))
    return promise.finally(() => {
      cancel()
      waiters.delete(wake)
      if (waiters.size === 0) waiting.delete(id)
    })
  }

  /** Does what is due about one order or checkout, unless it is being done, or was tried a moment ago. */
  const lookAt = (id: OrderId): void => {
    if (isClosed || driven.has(id) || tended.has(id) || later.isTooSoon(id)) return
    const own = ownOpenRun(id)
    const tending = own ? driveOnce(id, own, true) : tend(id)
    if (!tending) return
    later.tried(id)
    const done = watch(tending).finally(() => tended.delete(id))
    tended.set(id, done)
  }

  const watch = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work
    } catch (error) {
      deps.failed(error)
    }
  }

  /** What is due about an order, or a checkout of a node that is gone; undefined if nothing may be. */
  const tend = (id: OrderId): Promise<unknown> | undefined => {
    const left = openRuns(id).find(({ replica }) => owner(replica) === 'gone')
    if (left) return pipeline.submit({ decide: abandon, input: { id, run: left.dot }, actor })
    const placed = orderLog.orderOf(core, id)
    if (!placed) return undefined
    // What another node placed it sees to itself, for as long as it is one of us.
    const lineage = core.lineage()
    const placements = [placed.placement, ...placed.doubles]
    const isOurs = placements.some(({ replica }) => lineage.includes(replica))
    const actsForOthers = !isOurs && owner(placed.placement.replica) === 'gone'
    if (!(isOurs || actsForOthers) || !isUnsettled(placed)) return undefined
    return pipeline.submit({ decide: attendOrder, input: { id, actsForOthers }, actor })
  }

  const sweep = (): void => {
    for (const id of queries.openRuns(sweptMax)) lookAt(id)
    for (const id of queries.unsettledOrders(sweptMax)) lookAt(id)
    later.sweep()
  }

  let cancelSweep = () => {}
  const sweepOften = (): void => {
    cancelSweep = timers.after(sweepMs, () => {
      sweep()
      sweepOften()
    })
  }

  return {
    place,
    committed: (changed) => {
      const touched = changed.filter(({ kind }) => ofInterest.has(kind.schema.kind))
      if (touched.length === 0 || isClosed) return
      // Not now: we are called in the middle of a commit.
      deps.soon(() => {
        for (const { id } of touched) {
          if (!isOrderId(id)) continue
          for (const wake of waiting.get(id) ?? []) wake()
          later.forget(id)
          lookAt(id)
        }
      })
    },
    begin: () => {
      sweep()
      sweepOften()
    },
    close: async () => {
      isClosed = true
      cancelSweep()
      await Promise.allSettled([...driven.values(), ...tended.values()])
    },
  }
}

const lacksCoupons = ({ problems }: Refusal): boolean =>
  Array.isArray(problems) &&
  (problems as readonly Problem[]).some(({ code }) => code === 'coupon_elsewhere')

// What is short was for the one who fetches it; the problems say it in the client's words.
const shown = (refusal: Refusal): Refusal =>
  'shortage' in refusal ? { ...refusal, shortage: undefined } : refusal

const ofInterest = new Set(['order', 'payment'])

const inProgress: Refusal = {
  code: 'order_in_progress',
  detail: 'Another node is placing this order, and has not said yet what came of it',
}

const endOf = (runs: readonly Run[]): Refusal => {
  const end = runs.findLast((run) => typeof run.end === 'object')?.end
  return typeof end === 'object' ? refusalOf([end]) : inProgress
}
