/**
 * How an account pays: tokens that a provider gave for its cards, with what a person tells them apart
 * by. Never a card's number: what looks like one is refused.
 */

import { edit, schema, type Document } from '../../crdt/document.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orMap from '../../crdt/or-map.ts'
import type { Value } from '../../crdt/value.ts'
import { documentKind, draftDelta, type Decide } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import { isFields, isNatural, isText, isTextOrNull } from '../guards.ts'
import { ok, refused } from '../result.ts'
import { holdsCardNumber } from './card-number.ts'
import { methodsMax } from './limits.ts'
import { paymentMethodTable } from './tables.ts'

export type Method = {
  /** `card`, and what providers have besides. */
  readonly type: string
  readonly provider: string
  readonly token: string
  /** What a person knows it by: `Visa, ends in 4242`. */
  readonly label: string
  readonly createdMs: number
}

const isMethod = (value: Value): value is Method => {
  if (!isFields(value)) return false
  const { type = null, provider = null, token = null, label = null, createdMs = null } = value
  return [type, provider, token, label].every(isText) && isNatural(createdMs)
}

const methodShape = lwwRegister.shape(isMethod)

/** One document an account, under its id. */
export const paymentMethods = schema('payment-methods', 1, {
  /** By id. */
  methods: [1, orMap.shape(methodShape)],
  /** The id of the one that is used unless another is asked for. */
  preferred: [2, lwwRegister.shape(isTextOrNull)],
})

export type PaymentMethods = Document<typeof paymentMethods.fields>

export interface NamedMethod extends Method {
  readonly id: string
  readonly isDefault: boolean
}

/** The account's methods, the oldest first; the first is the default unless another was chosen. */
export const methodsOf = ({ store }: PaymentMethods): readonly NamedMethod[] => {
  const preferred = lwwRegister.read({ store: store.preferred })
  const methods = [...store.methods]
    .flatMap(([id, register]) => {
      const method = lwwRegister.read<Method>({ store: register })
      return method ? [{ ...method, id }] : []
    })
    .sort((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1))
  const chosen = methods.find(({ id }) => id === preferred) ?? methods[0]
  return methods.map((method) => ({ ...method, isDefault: method === chosen }))
}

export const paymentMethodsKind = documentKind({
  schema: paymentMethods,
  tables: [paymentMethodTable],
  project: (account, document) => ({
    payment_methods: methodsOf(document).map(
      ({ id, type, provider, label, isDefault, createdMs }) => ({
        account,
        id,
        type,
        provider,
        label,
        is_default: isDefault ? 1 : 0,
        created_ms: createdMs,
      }),
    ),
  }),
})

export interface MethodInput extends Omit<Method, 'createdMs'> {
  readonly account: string
  readonly id: string
}

export type MethodAnswer = { readonly id: string }

export const addMethod: Decide<MethodInput, MethodAnswer> = (world, input) => {
  const { account, id, type, provider, token, label } = input
  const document = world.read(paymentMethods, account)
  if (holdsCardNumber(token) || holdsCardNumber(label)) return refused(cardNumber)
  if (document.store.methods.size >= methodsMax) {
    const detail = `An account keeps at most ${methodsMax} payment methods`
    return refused({ code: 'payment_method_limit', detail })
  }
  const method = { type, provider, token, label, createdMs: world.time.wallMs }
  const delta = edit(paymentMethods, document, {
    methods: (methods) =>
      orMap.update(methods, methodShape, {
        key: id,
        edit: (register) => lwwRegister.write(register, world.time, method),
      }),
  })
  return ok({
    type: 'payment_method.added',
    deltas: [draftDelta(paymentMethods, account, delta)],
    answer: { id },
  })
}

export interface MethodChoice {
  readonly account: string
  readonly id: string
}

export const removeMethod: Decide<MethodChoice, MethodAnswer> = (world, { account, id }) => {
  const document = world.read(paymentMethods, account)
  if (!document.store.methods.has(id)) return refused(unknown(id))
  const delta = edit(paymentMethods, document, {
    methods: (methods) => orMap.remove(methods, methodShape, id),
  })
  return ok({
    type: 'payment_method.removed',
    deltas: [draftDelta(paymentMethods, account, delta)],
    answer: { id },
  })
}

export const preferMethod: Decide<MethodChoice, MethodAnswer> = (world, { account, id }) => {
  const document = world.read(paymentMethods, account)
  if (!document.store.methods.has(id)) return refused(unknown(id))
  const delta = edit(paymentMethods, document, {
    preferred: (register) => lwwRegister.write(register, world.time, id),
  })
  return ok({
    type: 'payment_method.preferred',
    deltas: [draftDelta(paymentMethods, account, delta)],
    answer: { id },
  })
}

const unknown = (id: string): Refusal => ({
  code: 'payment_method_not_found',
  detail: `The account has no payment method ${id}`,
})

const cardNumber: Refusal = {
  code: 'card_number_refused',
  detail: 'This holds what looks like a card number, which this shop must never see',
}
