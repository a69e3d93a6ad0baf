/** Answers made of JSON that exists as text already, so that it is not parsed to be written again. */

import type { Receipt } from '../core/core.ts'

const jsonType = { 'content-type': 'application/json' }

/** Made without Hono's help, which would build the headers anew for every answer. */
export const answerJson = (json: string): Response => new Response(json, { headers: jsonType })

/** An object's JSON with the receipt of the mutation beside its own fields. */
export const answerWithReceipt = ({
  json,
  receipt,
  status = 200,
}: {
  readonly json: string
  readonly receipt: Receipt
  readonly status?: 200 | 201
}): Response => new Response(withReceipt(json, receipt), { status, headers: jsonType })

export const withReceipt = (json: string, receipt: Receipt): string => {
  const separator = json === '{}' ? '' : ','
  return `${json.slice(0, -1)}${separator}"receipt":${JSON.stringify(receipt)}}`
}

export const answerPage = ({
  items,
  next,
}: {
  readonly items: readonly string[]
  readonly next?: string
}): Response => {
  const end = next === undefined ? '' : `,"next":${JSON.stringify(next)}`
  return answerJson(`{"items":[${items.join(',')}]${end}}`)
}
