/**
 * Brings a payment to where it is wanted: asks the provider for the one thing that comes next, writes
 * down what it said, and goes on until nothing is left to do or nobody can tell.
 *
 *     nextWork(payment) ──▶ provider ──▶ facts ──▶ payment
 *            ▲                                        │
 *            └────────────────────────────────────────┘
 *
 * Nothing is locked while the provider is asked. Whoever else settles the same payment, here or in
 * another region, asks for the same under the same key.
 *
 * What if the answer is lost? Then the provider is asked what it has: what it tells are facts. If it
 * has nothing, the request is sent again. An attempt of which this says nothing for a quarter of an
 * hour is given up, and what may still come of it is released first.
 */

import type { Decide, World } from '../core/capability.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { Fault } from '../fault.ts'
import type { Timers } from '../../sync/surroundings.ts'
import { callMsMax, unknownMsMax } from './limits.ts'
import {
  askRefund,
  noteAuthorisation,
  noteFacts,
  noteRefused,
  type PaymentAnswer,
} from './payment-commands.ts'
import { authorisationNews, hasNews, paymentOf } from './payment-rules.ts'
import type { Attempt, Payment } from './payment.ts'
import type { Fact, PaymentProvider } from './provider.ts'
import type { Refund } from './refund.ts'
import { attemptKey, captureKey, refundKey, releaseKey } from './request-key.ts'
import { nextWork, restId, type Work } from './work.ts'

export interface SettleDeps {
  readonly provider: PaymentProvider
  readonly core: Pick<World, 'read'>
  readonly pipeline: Pick<Pipeline, 'submit'>
  readonly clock: { now(): number }
  readonly timers: Timers
  /** Who writes, in the log: the node. */
  readonly actor: string
}

/** A payment needs a handful of requests; more would be a mistake of ours going round in circles. */
const stepsMax = 16

/** Longer ago than this, somebody may have asked before and not lived to tell. */
const freshMs = 60_000

/** Until then a search may not find what is there. */
const searchableMs = 120_000

/** `moved`: something was written down; `stuck`: nobody can tell yet, so try again later. */
type Step = 'moved' | 'stuck'

export const settle = async (
  deps: SettleDeps,
  orderId: string,
  signal: AbortSignal,
): Promise<Payment> => {
  for (let steps = 0; steps < stepsMax && !signal.aborted; steps++) {
    const payment = paymentOf(deps.core, orderId)
    const work = nextWork(payment)
    // What another provider holds, only that one can settle.
    if (work === undefined || payment.provider !== deps.provider.name) return payment
    const one = { ...deps, orderId, payment, signal }
    if ((await perform(one, work)) === 'stuck') break
  }
  return paymentOf(deps.core, orderId)
}

interface One extends SettleDeps {
  readonly orderId: string
  readonly payment: Payment
  readonly signal: AbortSignal
}

const perform = (one: One, work: Work): Promise<Step> => {
  switch (work.kind) {
    case 'authorise':
      return authorise(one, work.attempt)
    case 'give_up':
      return giveUp(one, work.attempt)
    case 'capture':
      return capture(one, work)
    case 'release':
      return release(one, work.charge.reference)
    case 'refund':
      return refund(one, work.charge.reference, work.refund)
    default:
      return giveBack(one, work.amountMinor)
  }
}

const authorise = async (one: One, attempt: Attempt): Promise<Step> => {
  const { provider, orderId } = one
  const { amount, token } = attempt
  const isFresh = !attempt.isWaiting && ageOf(one, attempt) < freshMs
  const known = isFresh ? undefined : await lookUp(one)
  if (known === 'unknown') return 'stuck'
  if (known?.hasNews) return 'moved'
  const reference = known?.reference
  const result = await limited(one, (signal) =>
    provider.authorise({
      orderId,
      amount,
      token,
      key: attemptKey(orderId, attempt.id),
      signal,
      ...(reference === undefined ? {} : { reference }),
    }),
  )
  const told = { orderId, attempt: attempt.id, result }
  if (authorisationNews(paymentOf(one.core, orderId), told).length > 0) {
    await submit(one, noteAuthorisation, told)
  }
  if (result.outcome !== 'unknown') return 'moved'
  const after = await lookUp(one)
  if (after === 'unknown') return 'stuck'
  if (after.hasNews) return 'moved'
  const isHopeless = ageOf(one, attempt) > unknownMsMax && after.reference !== undefined
  return isHopeless ? release(one, after.reference) : 'stuck'
}

const giveUp = async (one: One, attempt: Attempt): Promise<Step> => {
  const known = await lookUp(one)
  if (known === 'unknown') return 'stuck'
  if (known.hasNews) return 'moved'
  if (known.reference !== undefined) return release(one, known.reference)
  // Nothing is there; but a request may be on its way, and what was just made is not found yet.
  if (ageOf(one, attempt) < searchableMs) return 'stuck'
  const { orderId } = one
  const result = { outcome: 'declined', code: 'given_up', retry: false } as const
  await submit(one, noteAuthorisation, { orderId, attempt: attempt.id, result })
  return 'moved'
}

const capture = async (
  one: One,
  { charge: { reference }, amountMinor }: Extract<Work, { readonly kind: 'capture' }>,
): Promise<Step> => {
  const amount = { amount: amountMinor, currency: currencyOf(one.payment) }
  const key = captureKey(one.orderId)
  const result = await limited(one, (signal) =>
    one.provider.capture({ reference, amount, key, signal }),
  )
  if (result.outcome === 'done') return note(one, reference, { kind: 'captured', amount })
  const known = await lookUp(one, reference)
  if (known === 'unknown' || result.outcome === 'unknown') return isNews(known)
  if (known.hasNews) return 'moved'
  if (isStrange(known)) return 'stuck'
  const event = { type: 'capture_refused', code: result.code } as const
  await submit(one, noteRefused, { orderId: one.orderId, event })
  return 'moved'
}

const release = async (one: One, reference: string): Promise<Step> => {
  const key = releaseKey(one.orderId)
  const result = await limited(one, (signal) => one.provider.release({ reference, key, signal }))
  if (result.outcome === 'done') return note(one, reference, { kind: 'released' })
  return isNews(await lookUp(one, reference))
}

const refund = async (one: One, reference: string, { id, amount, atMs }: Refund): Promise<Step> => {
  const key = refundKey(one.orderId, id)
  // Asked for again after its key is forgotten, it would be another refund.
  if (one.clock.now() - atMs > freshMs) {
    const known = await lookUp(one, reference)
    if (known === 'unknown' || known.hasNews) return isNews(known)
  }
  const result = await limited(one, (signal) =>
    one.provider.refund({ reference, amount, key, signal }),
  )
  if (result.outcome === 'done') return note(one, reference, { kind: 'refunded', key, amount })
  const known = await lookUp(one, reference)
  if (known === 'unknown' || result.outcome === 'unknown') return isNews(known)
  const isDone = paymentOf(one.core, one.orderId).refunds.some(
    (now) => now.id === id && now.state !== 'wanted',
  )
  if (isDone) return 'moved'
  if (isStrange(known)) return 'stuck'
  const event = { type: 'refund_refused', refund: id, code: result.code } as const
  await submit(one, noteRefused, { orderId: one.orderId, event })
  return 'moved'
}

const giveBack = async (one: One, amountMinor: number): Promise<Step> => {
  const { orderId, payment, actor } = one
  const done = await submit(one, askRefund, {
    orderId,
    refund: restId(amountMinor),
    amount: { amount: amountMinor, currency: currencyOf(payment) },
    reason: payment.closed ?? 'The payment was rejected',
    by: actor,
  })
  return done.ok ? 'moved' : 'stuck'
}

/** Where the provider has the payment, if it has, and whether it told anything that was not known. */
interface Known {
  readonly reference: string | undefined
  readonly hasNews: boolean
}

const lookUp = async (one: One, charge?: string): Promise<Known | 'unknown'> => {
  const { provider, orderId, payment } = one
  const asked = charge ?? payment.charges.at(-1)?.reference
  const finding = await limited(one, (signal) =>
    provider.find({ orderId, signal, ...(asked === undefined ? {} : { reference: asked }) }),
  )
  if (finding.outcome === 'unknown') return 'unknown'
  if (finding.outcome === 'none') return { reference: undefined, hasNews: false }
  const { reference, facts } = finding.found
  if (!hasNews(paymentOf(one.core, orderId), reference, facts)) {
    return { reference, hasNews: false }
  }
  await submit(one, noteFacts, { orderId, reference, facts })
  return { reference, hasNews: true }
}

// Money that is held somewhere, and not at the provider that was asked, is no money that was refused:
// somebody has set this node up with another account, or another sandbox.
const isStrange = ({ reference }: Known): boolean => reference === undefined

const isNews = (known: Known | 'unknown'): Step =>
  known !== 'unknown' && known.hasNews ? 'moved' : 'stuck'

const note = async (one: One, reference: string, fact: Fact): Promise<Step> => {
  await submit(one, noteFacts, { orderId: one.orderId, reference, facts: [fact] })
  return 'moved'
}

const submit = <Input>(
  { pipeline, actor }: One,
  decide: Decide<Input, PaymentAnswer>,
  input: Input,
) => pipeline.submit({ decide, input, actor })

/** A call to the provider that ends when the caller does not wait any more, or it took too long. */
const limited = async <T>(
  { timers, signal }: One,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const limit = new AbortController()
  const late = new Fault('payment_unavailable', `The provider took longer than ${callMsMax} ms`)
  const forget = timers.after(callMsMax, () => limit.abort(late))
  try {
    return await call(AbortSignal.any([signal, limit.signal]))
  } finally {
    forget()
  }
}

const ageOf = ({ clock }: One, { atMs }: Attempt): number => clock.now() - atMs

const currencyOf = ({ amount }: Payment): string => amount?.currency ?? ''
