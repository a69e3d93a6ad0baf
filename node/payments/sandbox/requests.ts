/** Which entry of the books a request of Stripe's API means. */

import { done, invalid, type Reply } from './objects.ts'
import type { Ledger } from './ledger.ts'
import type { Operation } from './tokens.ts'

export interface GatewayRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly form: URLSearchParams
}

export interface Understood {
  /** Where an answer can go wrong: what is done, and to which intent. */
  readonly operation?: Operation
  readonly intent?: string
  readonly execute: () => Reply
}

export const understand = (ledger: Ledger, request: GatewayRequest): Understood => {
  const { method, path, query, form } = request
  const [, intent = '', action = ''] = /^\/v1\/payment_intents\/(\w+)(?:\/(\w+))?$/.exec(path) ?? []
  if (method === 'GET') return { execute: () => read(ledger, { path, query, intent, action }) }
  if (method !== 'POST') return { execute: () => unknownPath(request) }
  switch (action) {
    case 'confirm': {
      const token = form.get('payment_method') ?? form.get('payment_method_data[card][token]')
      return { operation: 'confirm', intent, execute: () => ledger.confirm(intent, token ?? '') }
    }
    case 'capture': {
      const amount = amountIn(form, 'amount_to_capture')
      if (amount === 'wrong') return { execute: () => wrong('amount_to_capture') }
      return { operation: 'capture', intent, execute: () => ledger.capture(intent, amount) }
    }
    case 'cancel':
      return { operation: 'cancel', intent, execute: () => ledger.cancel(intent) }
    default:
      return path === '/v1/payment_intents'
        ? { execute: () => create(ledger, form) }
        : path === '/v1/refunds'
          ? refund(ledger, form)
          : { execute: () => unknownPath(request) }
  }
}

const read = (
  ledger: Ledger,
  {
    path,
    query,
    intent,
    action,
  }: Pick<GatewayRequest, 'path' | 'query'> & {
    readonly intent: string
    readonly action: string
  },
): Reply => {
  if (path === '/v1/payment_intents/search') {
    // Of the query language, the one form that finds an intent by a remark.
    const asked = /^metadata\['(\w+)'\]:'([^']*)'$/.exec(query.get('query') ?? '')
    const [, key = '', value = ''] = asked ?? []
    return asked ? ledger.search(key, value) : wrong('query')
  }
  if (path === '/v1/refunds') return ledger.refundsOf(query.get('payment_intent') ?? '')
  if (intent !== '' && action === '') return ledger.retrieve(intent)
  return unknownPath({ method: 'GET', path })
}

const create = (ledger: Ledger, form: URLSearchParams): Reply => {
  const amount = amountIn(form, 'amount')
  const currency = form.get('currency') ?? ''
  if (amount === undefined || amount === 'wrong' || amount < 1) return wrong('amount')
  if (!/^[a-z]{3}$/.test(currency)) return wrong('currency')
  const captureMethod = form.get('capture_method') === 'manual' ? 'manual' : 'automatic'
  return ledger.create({ amount, currency, captureMethod, metadata: metadataIn(form) })
}

const refund = (ledger: Ledger, form: URLSearchParams): Understood => {
  const intent = form.get('payment_intent') ?? ''
  const amount = amountIn(form, 'amount')
  if (amount === 'wrong') return { execute: () => wrong('amount') }
  const metadata = metadataIn(form)
  return {
    operation: 'refund',
    intent,
    execute: () => ledger.refund({ intent, amount, metadata }),
  }
}

const amountIn = (form: URLSearchParams, name: string): number | undefined | 'wrong' => {
  const text = form.get(name)
  if (text === null) return undefined
  return /^\d{1,15}$/.test(text) ? Number(text) : 'wrong'
}

const metadataIn = (form: URLSearchParams): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...form].flatMap(([name, value]) => {
      const key = /^metadata\[(\w{1,40})\]$/.exec(name)?.[1]
      return key === undefined || key === '__proto__' ? [] : [[key, value.slice(0, 500)]]
    }),
  )

const wrong = (parameter: string): Reply =>
  invalid('parameter_invalid', `The parameter ${parameter} is missing or wrong`)

const unknownPath = ({ method, path }: Pick<GatewayRequest, 'method' | 'path'>): Reply =>
  invalid('resource_missing', `Unrecognized request URL (${method}: ${path})`, { status: 404 })

/** What the books say of an order, for whoever proves that nobody paid twice. */
export const summary = (ledger: Ledger, orderId: string): Reply => {
  const intents = [...ledger.intents()].filter(({ metadata }) => metadata['order_id'] === orderId)
  const ids = new Set(intents.map(({ id }) => id))
  const refunds = [...ledger.refunds()].filter((refund) => ids.has(refund.payment_intent))
  const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0)
  return done({
    orderId,
    intents: intents.length,
    authorisedMinor: sum(intents.map(({ amount_capturable: held }) => held)),
    captures: intents.filter(({ status }) => status === 'succeeded').length,
    capturedMinor: sum(intents.map(({ amount_received: taken }) => taken)),
    refundedMinor: sum(refunds.map(({ status, amount }) => (status === 'failed' ? 0 : amount))),
  })
}
