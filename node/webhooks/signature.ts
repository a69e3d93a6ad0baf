/**
 * How a receiver knows that a webhook is from the shop, and from now: `Atoll-Signature: t=<seconds>,v1=<hex>`,
 * where v1 is the HMAC-SHA256 of `<seconds>.<body>` under the subscription's secret.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'

export const signatureHeader = 'Atoll-Signature'

export const sign = (secret: string, body: string, nowMs: number): string => {
  const seconds = Math.floor(nowMs / 1_000)
  return `t=${seconds},v1=${digestOf(secret, body, seconds)}`
}

const digestOf = (secret: string, body: string, seconds: number): string =>
  createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')

/** What a receiver does: whether the signature fits, and is not older than `toleranceMs`. */
export const verify = (
  header: string,
  {
    secret,
    body,
    nowMs,
    toleranceMs = 5 * 60_000,
  }: {
    readonly secret: string
    readonly body: string
    readonly nowMs: number
    readonly toleranceMs?: number
  },
): boolean => {
  const [, seconds, digest] = /^t=([0-9]{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? []
  if (seconds === undefined || digest === undefined) return false
  if (Math.abs(nowMs - Number(seconds) * 1_000) > toleranceMs) return false
  return timingSafeEqual(
    Buffer.from(digest, 'hex'),
    Buffer.from(digestOf(secret, body, Number(seconds)), 'hex'),
  )
}
