/** Answers made of JSON that exists as text already, so that it is not parsed to be written again. */

import type { Context } from 'hono'
import type { Receipt } from '../core/core.ts'

const jsonType = { 'content-type': 'application/json' }

export const answerJson = (c: Context, json: string): Response => c.body(json, 200, jsonType)

/** An object's JSON with the receipt of the mutation beside its own fields. */
export const answerWithReceipt = (
  c: Context,
  { json, receipt, status = 200 }: { json: string; receipt: Receipt; status?: 200 | 201 },
): Response => c.body(withReceipt(json, receipt), status, jsonType)

export const withReceipt = (json: string, receipt: Receipt): string => {
  const separator = json === '{}' ? '' : ','
  return `${json.slice(0, -1)}${separator}"receipt":${JSON.stringify(receipt)}}`
}

export const answerPage = (
  c: Context,
  { items, next }: { readonly items: readonly string[]; readonly next?: string },
): Response => {
  const end = next === undefined ? '' : `,"next":${JSON.stringify(next)}`
  return answerJson(c, `{"items":[${items.join(',')}]${end}}`)
}
