/** From a command to the change it makes, or to the answer that was given before. */

import { assert } from '../../crdt/assert.ts'
import * as documents from '../../crdt/document.ts'
import type { Value } from '../../crdt/value.ts'
import * as change from '../../sync/change.ts'
import type { Change } from '../../sync/change.ts'
import { changeBytesMax } from '../../sync/limits.ts'
import type { Refusal } from '../errors.ts'
import { ok, refused, type Result } from '../result.ts'
import type { Draft, World } from './capability.ts'
import type { Command, RequestId } from './core.ts'
import type { UnderstoodDelta } from './transaction.ts'
import { isOwn, kindOf, type KindsByName } from './understand.ts'

/** A change that is ready for the log, with the answer to who asked. */
export interface Decision {
  readonly made: Change
  readonly bytes: Uint8Array
  readonly deltas: readonly UnderstoodDelta[]
  readonly answer: Value
  readonly isRepeat: false
}

/** A change that answered the request before. */
export interface Repeat {
  readonly made: Change
  readonly answer: Value
  readonly isRepeat: true
}

/**
 * Decides `command`. Throws if its rule does, or if what the rule made cannot be written and read
 * again: every other node will have to, so the mistake is found before it is in anybody's log.
 */
export const decide = (
  { decide, input, actor, request }: Command,
  { world, counter, kinds }: { world: World; counter: number; kinds: KindsByName },
): Result<Decision, Refusal> => {
  const decided = decide(world, input)
  if (!decided.ok) return decided
  const { replica, ...time } = world.time
  const draft = decided.value
  const made: Change = {
    dot: { replica, counter },
    time,
    actor,
    type: draft.type,
    requests: request ? [request.id, ...(draft.requests ?? [])] : (draft.requests ?? []),
    details: detailsOf(draft, request),
    deltas: draft.deltas
      .filter(({ delta }) => !documents.isEmpty(delta))
      .map(({ schema, id, delta }) => ({
        kind: kindOf(kinds, schema).schema.kind,
        id,
        bytes: schema.encode(delta),
      })),
  }
  const bytes = change.encode(made)
  // What does not fit a frame would stay at this node for ever.
  if (bytes.length > changeBytesMax) return refused(tooLarge(bytes.length))
  // What is around the deltas is of plain types, and cannot be written unless it can be read.
  const deltas = made.deltas.map(({ kind: name, id, bytes }) => {
    const kind = kindOf(kinds, { kind: name })
    const delta = { kind, id, delta: kind.schema.decode(bytes), bytes }
    assert(isOwn(delta, replica), 'a rule writes under dots of its own replica')
    return delta
  })
  return ok({ made, bytes, deltas, answer: draft.answer, isRepeat: false })
}

const tooLarge = (length: number): Refusal => ({
  code: 'body_too_large',
  detail: `It would make a change of ${length} bytes, and a change has at most ${changeBytesMax}`,
})

const detailsOf = ({ details, answer }: Draft<Value>, request: RequestId | undefined): Value => ({
  ...(details === undefined ? {} : { details }),
  answer,
  ...(request ? { fingerprint: request.fingerprint } : {}),
})

/** The answer that `bytes`, a change made here or elsewhere, gave to a request. */
export const repeat = (bytes: Uint8Array, { fingerprint }: RequestId): Result<Repeat, Refusal> => {
  const made = change.decode(bytes)
  const { details } = made
  const isSame = isObject(details) && details['fingerprint'] === fingerprint
  return isSame
    ? ok({ made, answer: details['answer'] ?? null, isRepeat: true })
    : refused({
        code: 'idempotency_key_reused',
        detail: 'This idempotency key was used for another request.',
      })
}

const isObject = (value: Value): value is { readonly [key: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
