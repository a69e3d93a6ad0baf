/**
 * Fetches rights to sell from other nodes, and hands out our own. A request that is short of units here
 * waits while whoever has most is asked; what is granted comes back by the ordinary stream of changes,
 * and the request is tried again. Who is refused is refused because nobody in reach has any.
 *
 *     request ── short ──▶ cover ──▶ ask ────────▶ answer: grant, one change of the granter's
 *        ▲                              ◀─ dot ──────┘            │
 *        └── try again ◀── the change is here ◀── stream ─────────┘
 *
 * Requests for one stock that are short at the same time ask together, once. What if an answer is lost?
 * The same question is asked again under the same name, and the units arrive anyway: nothing is
 * handed over twice, and nothing is lost on the way.
 */

import type { Value } from '../../crdt/value.ts'
import type { Clock, Random, Timers } from '../../sync/surroundings.ts'
import { assert } from '../../crdt/assert.ts'
import { parseDot, type Dot } from '../../crdt/dot.ts'
import type { World } from '../core/capability.ts'
import type { Command, Core, Outcome } from '../core/core.ts'
import type { Refusal } from '../errors.ts'
import type { Result } from '../result.ts'
import type { Answering, AskedPeer, AskPeers } from './ask-peers.ts'
import type { Demand } from './demand.ts'
import { unitsOfPeers } from './knowledge.ts'
import { askMsMax, asksPerPeer, prefetchMs } from './limits.ts'
import { stockIdOf, type StockId } from './location-id.ts'
import { elsewhere, free, type Shortage, type ShortLine } from './reservation.ts'
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  topic,
} from './rights-message.ts'
import { grantRights } from './rights-rules.ts'
import { locationsOf, stock, stockAt } from './stock.ts'

export interface Broker {
  /**
   * Fetches what is short, within `waitMs`. Resolves with whether any units came in, so that it is worth
   * trying again; with false at once if the nodes in reach do not have enough by what is known here.
   */
  cover(shortage: Shortage, waitMs: number): Promise<boolean>
  /** Fetches units of a stock before they are needed, if demand is such. */
  prefetch(id: StockId): void
  /** The units of a stock that nodes in reach can sell, as far as is known here. */
  reachable(id: StockId): number
  /** The answering side. */
  readonly answer: Answering
  /** To be called after each durable transaction: what was waited for may have come. */
  committed(): void
}

export interface BrokerDeps {
  readonly core: Pick<Core, 'state'>
  /** The world as a rule would see it now. */
  readonly world: () => World
  readonly submit: <Input, Answer extends Value>(
    command: Command<Input, Answer>,
  ) => Promise<Result<Outcome<Answer>, Refusal>>
  readonly peers: AskPeers
  readonly demand: Demand
  readonly clock: Clock
  readonly timers: Timers
  readonly soon: (work: () => void) => void
  readonly random: Random
  readonly observe?: (transfer: Transfer) => void
}

/** What came of asking one peer. */
export interface Transfer {
  readonly outcome: 'granted' | 'had_none' | 'no_answer' | 'not_arrived'
  readonly units: number
  readonly ms: number
}

/** One round of asking for one stock. */
interface Round {
  needed: number
  readonly done: Promise<boolean>
}

export const createBroker = (deps: BrokerDeps): Broker => {
  const { core, world, peers, demand, clock, timers } = deps
  const rounds = new Map<StockId, Round>()
  const arrivals = new Set<() => void>()

  const cover: Broker['cover'] = async ({ lines }, waitMs) => {
    const plans = lines.map((line) => planOf(world(), line, reachable))
    if (plans.some((plan) => plan === undefined)) return false
    const came = await Promise.all(
      plans.flatMap((plan) => plan ?? []).map(({ id, units }) => obtain(id, units, waitMs)),
    )
    return came.includes(true)
  }

  const reachable = (id: StockId): number => {
    const units = unitsOfPeers(world(), world().read(stock, id), peers.peers())
    return units.values().reduce((sum, one) => sum + Math.max(one, 0), 0)
  }

  /** Joins the round of asking that is under way for a stock, or begins one. */
  const obtain = (id: StockId, units: number, waitMs: number): Promise<boolean> => {
    const going = rounds.get(id)
    if (going) {
      going.needed += units
      return within(going.done, waitMs)
    }
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const round: Round = { needed: units, done: promise }
    rounds.set(id, round)
    const ask = async () => {
      const came = await askAround(id, round, clock.monotonic() + waitMs)
      rounds.delete(id)
      resolve(came)
    }
    // What arrived together asks together.
    deps.soon(() => void ask())
    return within(promise, waitMs)
  }

  const askAround = async (id: StockId, round: Round, untilMs: number): Promise<boolean> => {
    let came = 0
    for (const peer of richestFirst(id)) {
      const missing = round.needed - came
      if ((came > 0 && missing <= 0) || clock.monotonic() >= untilMs) break
      came += await askOne(peer, id, Math.max(missing, 0), untilMs)
    }
    return came > 0
  }

  const richestFirst = (id: StockId): readonly AskedPeer[] => {
    const inReach = peers.peers()
    const units = unitsOfPeers(world(), world().read(stock, id), inReach)
    return inReach
      .map((peer) => ({ peer, units: units.get(peer.name) ?? 0 }))
      .filter(({ units }) => units > 0)
      .sort((a, b) => b.units - a.units || (a.peer.name < b.peer.name ? -1 : 1))
      .map(({ peer }) => peer)
  }

  /** Asks a peer, and waits for what it grants; resolves with the units that came in. */
  const askOne = async (
    peer: AskedPeer,
    id: StockId,
    needed: number,
    untilMs: number,
  ): Promise<number> => {
    const startMs = clock.monotonic()
    const report = (outcome: Transfer['outcome'], units = 0): number => {
      deps.observe?.({ outcome, units, ms: clock.monotonic() - startMs })
      return outcome === 'granted' ? units : 0
    }
    const left = free(world(), world().read(stock, id))
    const perMinute = Math.round(demand.perMinute(id, clock.now()))
    const wished = Math.max(wishOf(perMinute) - left, 0)
    const name = Buffer.from(deps.random(8)).toString('hex')
    const question = encodeQuestion({ stock: id, name, needed, wished, left, perMinute })
    for (let tries = 0; tries < asksPerPeer; tries++) {
      const patience = Math.min(askMsMax, untilMs - clock.monotonic())
      if (patience <= 0) break
      const answer = await peers
        .ask(peer.name, topic, question, patience)
        .then(decodeAnswer)
        .catch(noAnswer)
      if (answer === undefined) continue
      if (!('change' in answer)) return report('had_none')
      const isHere = await arrived(answer.change, untilMs)
      return report(isHere ? 'granted' : 'not_arrived', answer.units)
    }
    return report('no_answer')
  }

  /** Waits until the core has a change, and says whether it came in time. */
  const arrived = (dot: Dot, untilMs: number): Promise<boolean> => {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const end = (isHere: boolean) => {
      arrivals.delete(look)
      cancel()
      resolve(isHere)
    }
    const look = () => {
      if (isKnown(core, dot)) end(true)
    }
    const cancel = timers.after(Math.max(untilMs - clock.monotonic(), 0), () =>
      end(isKnown(core, dot)),
    )
    arrivals.add(look)
    look()
    return promise
  }

  const within = async (done: Promise<boolean>, waitMs: number): Promise<boolean> => {
    const { promise: late, resolve } = Promise.withResolvers<boolean>()
    const cancel = timers.after(waitMs, () => resolve(false))
    const came = await Promise.race([done, late])
    cancel()
    return came
  }

  return {
    cover,
    reachable,

    prefetch: (id) => {
      const wish = wishOf(demand.perMinute(id, clock.now()))
      if (wish === 0 || rounds.has(id)) return
      const left = free(world(), world().read(stock, id))
      if (left * 2 < wish && reachable(id) > 0) void obtain(id, 0, askMsMax)
    },

    answer: async (question, from) => {
      const asked = decodeQuestion(question)
      const perMinuteHere = Math.round(demand.perMinute(asked.stock, clock.now()))
      const done = await deps.submit({
        decide: grantRights,
        input: { ...asked, to: from.replica, perMinuteHere },
        actor: `node/${from.name}`,
        request: { id: `rights/${asked.name}`, fingerprint: `${from.replica} ${asked.stock}` },
      })
      if (!done.ok) return encodeAnswer({ units: 0 })
      const { answer, receipt } = done.value
      return encodeAnswer({ units: answer.units, change: dotOf(receipt.change) })
    },

    committed: () => {
      for (const look of arrivals) look()
    },
  }
}

/** Where the units that a line lacks may come from; undefined if there are not enough. */
const planOf = (
  world: World,
  { variant, wanted, here }: ShortLine,
  reachable: (id: StockId) => number,
): readonly { readonly id: StockId; readonly units: number }[] | undefined => {
  let missing = wanted - here
  const plan: { id: StockId; units: number }[] = []
  const places = locationsOf(world, variant)
    .filter((location) => elsewhere(world, stockAt(world, variant, location)) > 0)
    .map((location) => stockIdOf(variant, location))
    .map((id) => ({ id, units: reachable(id) }))
    .sort((a, b) => b.units - a.units)
  for (const { id, units } of places) {
    const part = Math.min(units, missing)
    if (part > 0) plan.push({ id, units: part })
    missing -= part
  }
  return missing > 0 ? undefined : plan
}

const wishOf = (perMinute: number): number => Math.round((perMinute * prefetchMs) / 60_000)

const isKnown = (core: Pick<Core, 'state'>, { replica, counter }: Dot): boolean =>
  (core.state().heads.get(replica)?.counter ?? 0) >= counter

// Whether it was lost on the way, came too late or makes no sense: there is nothing to go on.
const noAnswer = (): undefined => undefined

const dotOf = (text: string): Dot => {
  const dot = parseDot(text)
  assert(dot !== undefined, 'a receipt names a change')
  return dot
}
