/** Explains a document: each field's value, by which rule it won, what lost, and who wrote it all. */

import type { Document, Schema } from '../../crdt/document.ts'
import { dotKey, type Dot } from '../../crdt/dot.ts'
import type { DotFun, DotMap, Entry } from '../../crdt/dot-store.ts'
import * as escrowCounter from '../../crdt/escrow-counter.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as pnCounter from '../../crdt/pn-counter.ts'
import type { Stamped } from '../../crdt/payload.ts'
import { equals, type Value } from '../../crdt/value.ts'
import type { Origin, PastDocument } from './history.ts'

/** A value and who wrote it. `dot` names it when a conflict is resolved. */
export interface WrittenValue {
  readonly value: unknown
  readonly dot: string
  readonly writtenBy: Origin | null
}

export type Rule =
  | 'never_written'
  /** Nobody wrote at the same time. */
  | 'only_write'
  /** Written at the same time, and the same. */
  | 'all_agree'
  /** Of concurrent writes the one with the highest timestamp. */
  | 'latest_write'
  /** Their times were the same: the greater replica id. */
  | 'replica_breaks_tie'
  /** Present while any add of it was not seen by a remove. */
  | 'add_wins'
  /** Each replica writes its own part, and all parts count. */
  | 'sum_of_replicas'
  /** All are kept. */
  | 'all_kept'

export interface ExplainedField {
  readonly type: string
  readonly value: unknown
  readonly rule: Rule
  readonly winner?: WrittenValue
  /** Concurrent values that lost, latest first: kept until a later write has seen them. */
  readonly siblings?: readonly WrittenValue[]
  /** For maps: each key explained. */
  readonly entries?: Readonly<Record<string, ExplainedField>>
  /** For sets, counters and logs: every part that is there. */
  readonly parts?: readonly WrittenValue[]
}

/** `secrets` are fields of which nobody is shown more than that they were written, when and by whom. */
export const explain = (
  { fields }: Pick<Schema, 'fields'>,
  { document, originOf }: Pick<PastDocument, 'document' | 'originOf'>,
  secrets: ReadonlySet<string> = new Set(),
): Readonly<Record<string, ExplainedField>> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, [, { type }]]) => {
      const explained = explainField(type, fieldOf(document, name), originOf)
      return [name, secrets.has(name) ? withoutValues(explained) : explained]
    }),
  )

const hidden = '[secret]'

const withoutValues = (field: ExplainedField): ExplainedField => {
  const { winner, siblings = [], parts = [], type, rule } = field
  const hide = (written: WrittenValue) => ({ ...written, value: hidden })
  return {
    type,
    rule,
    value: field.value === null ? null : hidden,
    ...(winner ? { winner: hide(winner) } : {}),
    siblings: siblings.map(hide),
    parts: parts.map(hide),
  }
}

type OriginOf = PastDocument['originOf']

const fieldOf = ({ store }: Document, name: string): unknown => store[name]

const explainField = (type: string, store: unknown, originOf: OriginOf): ExplainedField => {
  switch (type) {
    case 'lww-register':
      return explainRegister(store as DotFun<Stamped<Value>>, originOf)
    case 'or-set':
      return explainSet(store as DotMap<DotFun<true>>, originOf)
    case 'or-map':
      return explainMap(store as DotMap<DotFun<Stamped<Value>>>, originOf)
    case 'event-log':
      return explainLog(store as DotFun<Stamped<Value>>, originOf)
    default:
      return explainParts(type, store as DotFun<unknown>, originOf)
  }
}

const explainRegister = (store: DotFun<Stamped<Value>>, originOf: OriginOf): ExplainedField => {
  const [winner, ...losers] = lwwRegister.siblings({ store })
  if (!winner) return { type: 'lww-register', value: null, rule: 'never_written' }
  const written = (entry: Entry<Stamped<Value>>) => ({
    value: entry.value.value,
    dot: dotKey(entry.dot),
    writtenBy: originOf(entry.dot, entry.value),
  })
  return {
    type: 'lww-register',
    value: winner.value.value,
    rule: ruleOf(winner, losers),
    winner: written(winner),
    siblings: losers.map(written),
  }
}

const ruleOf = (
  winner: Entry<Stamped<Value>>,
  [next, ...others]: readonly Entry<Stamped<Value>>[],
): Rule => {
  if (!next) return 'only_write'
  const agree = [next, ...others].every(({ value }) => equals(value.value, winner.value.value))
  if (agree) return 'all_agree'
  const { wallMs, logical } = winner.value
  return wallMs === next.value.wallMs && logical === next.value.logical
    ? 'replica_breaks_tie'
    : 'latest_write'
}

const explainSet = (store: DotMap<DotFun<true>>, originOf: OriginOf): ExplainedField => ({
  type: 'or-set',
  value: [...store.keys()].sort(),
  rule: 'add_wins',
  parts: [...store]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([element, adds]) =>
      [...adds.values()].map(({ dot }) => part(element, dot, originOf)),
    ),
})

const explainMap = (store: DotMap<DotFun<Stamped<Value>>>, originOf: OriginOf): ExplainedField => {
  const entries = Object.fromEntries(
    [...store]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, register]) => [key, explainRegister(register, originOf)]),
  )
  const value = Object.fromEntries(Object.entries(entries).map(([key, one]) => [key, one.value]))
  return { type: 'or-map', value, rule: 'add_wins', entries }
}

const explainLog = (store: DotFun<Stamped<Value>>, originOf: OriginOf): ExplainedField => {
  const events = eventLog.entries({ store })
  return {
    type: 'event-log',
    value: events.map(({ value }) => value.value),
    rule: 'all_kept',
    parts: events.map(({ dot, value }) => ({
      ...part(value.value, dot, originOf),
      writtenBy: originOf(dot, value),
    })),
  }
}

const explainParts = (
  type: string,
  store: DotFun<unknown>,
  originOf: OriginOf,
): ExplainedField => ({
  type,
  value: totalOf(type, store),
  rule: type.endsWith('-counter') ? 'sum_of_replicas' : 'all_kept',
  parts: [...store.values()].map(({ dot, value }) => part(plain(value), dot, originOf)),
})

const totalOf = (type: string, store: DotFun<unknown>): unknown => {
  if (type === 'pn-counter') {
    return pnCounter.read({ store: store as DotFun<pnCounter.UpsAndDowns> })
  }
  if (type === 'escrow-counter') {
    const counter = { store: store as DotFun<escrowCounter.Account> }
    return {
      received: escrowCounter.received(counter),
      spent: escrowCounter.spent(counter),
      available: escrowCounter.available(counter),
    }
  }
  return type === 'ew-flag' ? store.size > 0 : [...store.values()].map(({ value }) => plain(value))
}

const part = (value: unknown, dot: Dot, originOf: OriginOf): WrittenValue => ({
  value,
  dot: dotKey(dot),
  writtenBy: originOf(dot),
})

// Maps inside a counter's account are shown as objects.
const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value).map(([name, inner]: [string, unknown]) => [
          name,
          inner instanceof Map ? (Object.fromEntries(inner) as unknown) : inner,
        ]),
      )
    : value
