/**
 * Fetches uses of a coupon from other nodes, and hands out our own. Whoever would be told that the uses
 * are elsewhere waits while those who have them are asked; what is granted comes by the ordinary stream
 * of changes. Nodes that have none by what is known here are not asked.
 */

import { assert } from '../../crdt/assert.ts'
import { parseDot, type Dot, type ReplicaId } from '../../crdt/dot.ts'
import * as escrowCounter from '../../crdt/escrow-counter.ts'
import type { Value } from '../../crdt/value.ts'
import type { Clock, Random, Timers } from '../../sync/surroundings.ts'
import type { Command, Core, Outcome } from '../core/core.ts'
import type { Refusal } from '../errors.ts'
import { isAccountId } from '../identity/account-id.ts'
import type { Answering, AskedPeer, AskPeers } from '../inventory/ask-peers.ts'
import * as purse from '../inventory/purse.ts'
import { nodeOf } from '../replication/replica.ts'
import type { Result } from '../result.ts'
import { allowance, allowanceIdOf, allowedHere, homeOf, type Spending } from './allowance.ts'
import { coupon, couponCodeOf, viewCoupon, type CouponCode } from './coupon.ts'
import {
  couponTopic,
  decodeQuestion,
  decodeReply,
  encodeQuestion,
  encodeReply,
} from './coupon-message.ts'
import { grantCoupon } from './coupon-rights.ts'
import { couponAskMsMax, couponAsksPerPeer } from './limits.ts'

export interface CouponBroker {
  /**
   * Fetches what this node lacks to redeem these codes once each, within `waitMs`. Resolves with whether
   * anything came, so that it is worth asking again.
   */
  fetch(of: Redeeming, waitMs: number): Promise<boolean>
  /** The answering side of `AskPeers`, for `couponTopic`. */
  readonly answer: Answering
  /** To be called after each durable transaction: what was waited for may have come. */
  committed(): void
}

export interface Redeeming {
  readonly codes: readonly string[]
  readonly customer: string | undefined
}

export interface CouponBrokerDeps {
  readonly core: Pick<Core, 'state' | 'read' | 'replica' | 'lineage'>
  readonly submit: <Input, Answer extends Value>(
    command: Command<Input, Answer>,
  ) => Promise<Result<Outcome<Answer>, Refusal>>
  readonly peers: AskPeers
  readonly clock: Pick<Clock, 'monotonic'>
  readonly timers: Timers
  readonly random: Random
}

export const createCouponBroker = (deps: CouponBrokerDeps): CouponBroker => {
  const { core, peers, clock, timers } = deps
  const arrivals = new Set<() => void>()
  const world = () => ({ read: core.read, replica: core.replica(), lineage: core.lineage() })

  const fetchOne = async (code: CouponCode, customer: string | undefined, untilMs: number) => {
    let came = false
    const asked = new Set<string>()
    const inReach = peers.peers()
    while (clock.monotonic() < untilMs) {
      const lacking = lackOf(world(), code, customer)
      // Whoever was asked and had nothing is known to have nothing only later: each is asked once.
      const next = inReach.find((peer) => !asked.has(peer.name) && has(world(), peer, lacking))
      if (lacking.length === 0 || !next) break
      asked.add(next.name)
      if (await askOne(next, { code, customer }, untilMs)) came = true
    }
    return came
  }

  const askOne = async (
    peer: AskedPeer,
    of: { readonly code: CouponCode; readonly customer: string | undefined },
    untilMs: number,
  ): Promise<boolean> => {
    const name = Buffer.from(deps.random(8)).toString('hex')
    const question = encodeQuestion({ ...of, name })
    for (let tries = 0; tries < couponAsksPerPeer; tries++) {
      const patience = Math.min(couponAskMsMax, untilMs - clock.monotonic())
      if (patience <= 0) break
      const reply = await peers
        .ask(peer.name, couponTopic, question, patience)
        .then((bytes) => ({ change: decodeReply(bytes) }))
        .catch(noAnswer)
      if (reply) return reply.change !== undefined && arrived(reply.change, untilMs)
    }
    return false
  }

  /** Waits until the core has a change, and says whether it came in time. */
  const arrived = (dot: Dot, untilMs: number): Promise<boolean> => {
    const isHere = () => (core.state().heads.get(dot.replica)?.counter ?? 0) >= dot.counter
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const end = () => {
      arrivals.delete(look)
      cancel()
      resolve(isHere())
    }
    const look = () => {
      if (isHere()) end()
    }
    const cancel = timers.after(Math.max(untilMs - clock.monotonic(), 0), end)
    arrivals.add(look)
    look()
    return promise
  }

  return {
    fetch: async ({ codes, customer: named }, waitMs) => {
      // Whom the shop's people order for need not have an account, and then has no uses of its own.
      const customer = named !== undefined && isAccountId(named) ? named : undefined
      const untilMs = clock.monotonic() + waitMs
      const known = codes.flatMap((typed) => couponCodeOf(typed) ?? [])
      const came = await Promise.all(known.map((code) => fetchOne(code, customer, untilMs)))
      return came.includes(true)
    },

    answer: async (bytes, from) => {
      const { name, code, customer } = decodeQuestion(bytes)
      const done = await deps.submit({
        decide: grantCoupon,
        input: { code, customer, to: from.replica },
        actor: `node/${from.name}`,
        request: { id: `coupon/${name}`, fingerprint: `${from.replica} ${code} ${customer ?? ''}` },
      })
      return encodeReply(done.ok ? dotOf(done.value.receipt.change) : undefined)
    },

    committed: () => {
      for (const look of arrivals) look()
    },
  }
}

/** Who may have something of a counter in which this node has nothing to spend. */
interface Lack {
  readonly held: ReadonlyMap<ReplicaId, number>
  /** The node that has not issued it yet. */
  readonly issuer?: string | undefined
}

/** The counters in which this node has nothing to spend. */
const lackOf = (
  world: Spending,
  code: CouponCode,
  customer: string | undefined,
): readonly Lack[] => {
  const document = world.read(coupon, code)
  const { limit, perCustomer } = viewCoupon(code, document)
  const { uses } = document.store
  const lacking: Lack[] = []
  if (limit !== null && purse.rights(world, { store: uses }) < 1) {
    lacking.push({ held: escrowCounter.rightsByReplica({ store: uses }) })
  }
  if (perCustomer === null || customer === undefined) return lacking
  const own = { code, customer, perCustomer }
  if (allowedHere(world, own) < 1) lacking.push(lackOfAllowance(world, own))
  return lacking
}

const lackOfAllowance = (
  world: Pick<Spending, 'read'>,
  of: { readonly code: string; readonly customer: string },
): Lack => {
  const { uses, issued } = world.read(allowance, allowanceIdOf(of)).store
  const held = escrowCounter.rightsByReplica({ store: uses })
  // Before anybody used it, the node at which the customer signed up has not issued it yet.
  return issued.size === 0 ? { held, issuer: homeOf(world, of.customer) } : { held }
}

/** Whether a peer has something of what is lacking, by what is known of the replicas that it was. */
const has = (world: Spending, { name, replica }: AskedPeer, lacking: readonly Lack[]): boolean =>
  lacking.some(({ held, issuer }) => {
    let units = issuer === name ? 1 : 0
    for (const [one, own] of held) {
      if (one === replica || nodeOf(world, one) === name) units += own
    }
    return units > 0
  })

// Whether it was lost on the way, came too late or makes no sense: there is nothing to go on.
const noAnswer = (): undefined => undefined

const dotOf = (text: string): Dot => {
  const dot = parseDot(text)
  assert(dot !== undefined, 'a receipt names a change')
  return dot
}
