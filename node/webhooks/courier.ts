/**
 * Makes deliveries: a few to each target at once, so that a target that hangs has only its own wait.
 * One that fails is tried again, later each time, until it is dead and waits for a person.
 */

import type { Clock, Timers } from '../../sync/surroundings.ts'
import { chanceOf, waitMs } from '../events/back-off.ts'
import type { Delivery, Deliveries } from './deliveries.ts'
import {
  atOncePerTarget,
  attemptsMax,
  deadlineMs,
  retryMsMax,
  retryMsMin,
  tidyEveryMs,
} from './limits.ts'
import type { Post } from './post.ts'
import { sign, signatureHeader } from './signature.ts'
import type { SubscriptionView } from './subscription.ts'
import { parseTarget, type TargetRule } from './target.ts'

export interface Courier {
  /** To be called when there is something new to deliver, or to deliver to. */
  wake(): void
  close(): Promise<void>
}

export interface CourierDeps {
  readonly deliveries: Deliveries
  /** All subscriptions that stand, the paused ones too. */
  readonly subscriptions: () => readonly (SubscriptionView & { readonly secret: string })[]
  readonly post: Post
  readonly rule: TargetRule
  readonly clock: Clock
  readonly timers: Timers
  readonly random: (bytes: number) => Uint8Array
  readonly observe: (outcome: 'delivered' | 'failed' | 'dead', ms: number) => void
  readonly failed: (error: unknown) => void
}

export const createCourier = (deps: CourierDeps): Courier => {
  const { deliveries, subscriptions, post, rule, clock, timers, observe, failed } = deps
  const underWay = new Map<string, Set<string>>()
  const running = new Set<Promise<void>>()
  const ending = new AbortController()
  let cancel = (): void => undefined
  let tidiedMs = clock.monotonic()

  const settle = (delivery: Delivery, outcome: string, isWell: boolean, ms: number): void => {
    const nowMs = clock.now()
    if (isWell) {
      deliveries.delivered(delivery, outcome, nowMs)
      observe('delivered', ms)
      return
    }
    const attempts = delivery.attempts + 1
    const isOver = attempts >= attemptsMax
    const wait = waitMs(attempts, { min: retryMsMin, max: retryMsMax }, chanceOf(deps.random))
    deliveries.failed(delivery, outcome, nowMs, isOver ? undefined : nowMs + wait)
    observe(isOver ? 'dead' : 'failed', ms)
  }

  const deliver = async (
    subscription: ReturnType<CourierDeps['subscriptions']>[number],
    delivery: Delivery,
  ): Promise<void> => {
    const startMs = clock.monotonic()
    const deadline = new AbortController()
    const end = (): void => deadline.abort()
    const cancelDeadline = timers.after(deadlineMs, end)
    ending.signal.addEventListener('abort', end, { once: true })
    const { event, type, body } = delivery
    try {
      const url = parseTarget(subscription.url, rule)
      if (!url.ok) throw new Error(url.refusal)
      const status = await post({
        url: url.value,
        signal: deadline.signal,
        body,
        headers: {
          'content-type': 'application/cloudevents+json',
          'user-agent': 'Atoll-Webhooks/1',
          'Atoll-Event-Id': event,
          'Atoll-Event-Type': type,
          [signatureHeader]: sign(subscription.secret, body, clock.now()),
        },
      })
      const isWell = status >= 200 && status <= 299
      settle(delivery, `It answered ${status}`, isWell, clock.monotonic() - startMs)
    } catch (error) {
      // A node that closes has not found out anything about the target.
      if (ending.signal.aborted) return
      const reason = deadline.signal.aborted
        ? `There was no answer in ${deadlineMs / 1_000} s`
        : error instanceof Error
          ? error.message
          : String(error)
      settle(delivery, reason, false, clock.monotonic() - startMs)
    } finally {
      cancelDeadline()
      ending.signal.removeEventListener('abort', end)
    }
  }

  const begin = (
    subscription: ReturnType<CourierDeps['subscriptions']>[number],
    delivery: Delivery,
  ): void => {
    const own = underWay.get(delivery.webhook) ?? new Set()
    underWay.set(delivery.webhook, own)
    own.add(delivery.event)
    const work = deliver(subscription, delivery)
      .catch(failed)
      .finally(() => {
        own.delete(delivery.event)
        running.delete(work)
        look()
      })
    running.add(work)
  }

  const look = (): void => {
    if (ending.signal.aborted) return
    cancel()
    const nowMs = clock.now()
    let nextMs = tidyEveryMs
    try {
      if (clock.monotonic() - tidiedMs >= tidyEveryMs) {
        tidiedMs = clock.monotonic()
        deliveries.forgetOld(nowMs)
      }
      for (const subscription of subscriptions()) {
        if (subscription.isPaused) continue
        const own = underWay.get(subscription.id) ?? new Set<string>()
        const free = atOncePerTarget - own.size
        if (free <= 0) continue
        // What is under way still stands among what is due.
        const due = deliveries.due(subscription.id, nowMs, atOncePerTarget + own.size)
        const fresh = due.filter(({ event }) => !own.has(event)).slice(0, free)
        for (const delivery of fresh) begin(subscription, delivery)
      }
      const dueMs = deliveries.nextDueMs()
      // What is due and not begun waits for another that ends, which looks again.
      if (dueMs !== undefined) nextMs = Math.min(nextMs, Math.max(dueMs - nowMs, 1_000))
    } catch (error) {
      failed(error)
      nextMs = retryMsMin
    }
    cancel = timers.after(nextMs, look)
  }
  cancel = timers.after(0, look)

  return {
    wake: look,
    close: async () => {
      ending.abort()
      cancel()
      await Promise.all(running)
    },
  }
}
