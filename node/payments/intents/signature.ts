/** How a webhook is signed: `t=<seconds>,v1=<HMAC-SHA256 of "<seconds>.<body>">`, in hexadecimal. */

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Refusal } from '../../errors.ts'
import { ok, refused, type Result } from '../../result.ts'
import { webhookToleranceMs } from '../limits.ts'
import type { ProviderEvent, RawWebhook } from '../provider.ts'
import { eventOf } from './intent.ts'

/** What a webhook of this body at this time is signed with. */
export const signatureOf = (body: Uint8Array, time: string, secret: string): Buffer =>
  createHmac('sha256', secret).update(`${time}.`).update(body).digest()

/** The event of a webhook, if it was signed with the secret, and not long ago. */
export const readSigned = (
  { headers, body, nowMs }: RawWebhook,
  secret: string,
): Result<ProviderEvent, Refusal> => {
  const parts = (headers.get('stripe-signature') ?? '').split(',').map((part) => part.split('='))
  const time = parts.find(([name]) => name === 't')?.[1] ?? ''
  if (!/^\d{1,12}$/.test(time)) return unsigned('The signature is missing or cannot be read')
  const expected = signatureOf(body, time, secret)
  // While a secret is changed, there is a signature with each.
  const isRight = parts.some(
    ([name, value = '']) => name === 'v1' && isEqual(Buffer.from(value, 'hex'), expected),
  )
  if (!isRight) return unsigned('The signature is not that of the endpoint')
  if (nowMs - Number(time) * 1_000 > webhookToleranceMs) {
    return unsigned(`The signature is older than ${webhookToleranceMs / 1_000} seconds`)
  }
  const event = eventOf(jsonOf(body))
  return event ? ok(event) : unsigned('What is signed is no event')
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b)

const jsonOf = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined
  }
}

export const unsigned = (detail: string) =>
  refused<Refusal>({ code: 'webhook_signature_invalid', detail })
