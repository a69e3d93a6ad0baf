/** Resolves a conflict: an admin writes one value over all siblings, and they have seen the last of them. */

import * as causalContext from '../../crdt/causal-context.ts'
import type { Document } from '../../crdt/document.ts'
import { dotKey, parseDot } from '../../crdt/dot.ts'
import type { DotFun } from '../../crdt/dot-store.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { Stamped } from '../../crdt/payload.ts'
import type { Value } from '../../crdt/value.ts'
import { draftDelta, type Decide, type World } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import { ok, refused, type Result } from '../result.ts'
import { conflictsOf, registersOf, type InspectedKind } from './conflict.ts'

export interface ResolveInput {
  readonly id: string
  /** The path of the register, as conflicts name it. */
  readonly field: string
  /** The value to keep: a sibling's, named by its dot, or any other of the register's kind. */
  readonly keep: { readonly dot: string } | { readonly value: Value }
}

export type ResolveAnswer = { readonly kind: string; readonly id: string; readonly field: string }

export const resolveConflict =
  (inspected: InspectedKind): Decide<ResolveInput, ResolveAnswer> =>
  (world, { id, field, keep }) => {
    const { schema } = inspected.kind
    const document = world.read(schema, id)
    const answer = { kind: schema.kind, id, field }
    if (!conflictsOf(inspected, document).includes(field)) {
      const detail = `${schema.kind}/${id} has no conflict in ${field}`
      return refused({ code: 'conflict_not_found', detail })
    }
    const ownRule = inspected.ownRules?.[field]
    if (ownRule) {
      const decided = ownRule.resolve(world, { id, value: 'value' in keep ? keep.value : null })
      return decided.ok ? ok({ ...decided.value, answer }) : decided
    }
    const register = registersOf(schema, document).find(([path]) => path === field)?.[1]
    if (!register) return refused(notThere(field))
    if ('value' in keep && !inspected.ownValues?.[field]?.(keep.value)) {
      const detail = `The value is none that may be written over ${field}; "keep" one of its siblings`
      return refused({ code: 'invalid_request', detail })
    }
    const value = keptValue(register, keep)
    if (!value.ok) return value
    const delta = writeAt(world, { schema, document, field, register }, value.value)
    return ok({
      type: 'conflict.resolved',
      details: { field },
      deltas: [draftDelta(schema, id, delta)],
      answer,
    })
  }

const notThere = (field: string): Refusal => ({
  code: 'conflict_not_found',
  detail: `There is no sibling of that name in ${field}`,
})

const keptValue = (
  register: DotFun<Stamped<Value>>,
  keep: ResolveInput['keep'],
): Result<Value, Refusal> => {
  if ('value' in keep) return ok(keep.value)
  const dot = parseDot(keep.dot)
  const entry = dot && register.get(dotKey(dot))
  return entry ? ok(entry.value.value) : refused(notThere(keep.dot))
}

interface RegisterPlace {
  readonly schema: InspectedKind['kind']['schema']
  readonly document: Document
  readonly field: string
  readonly register: DotFun<Stamped<Value>>
}

const writeAt = (
  world: World,
  { schema, document, field, register }: RegisterPlace,
  value: Value,
): Document => {
  const written = lwwRegister.write(
    { store: register, context: document.context },
    world.time,
    value,
  )
  const [name = '', ...key] = field.split('/')
  const store = key.length === 0 ? written.store : new Map([[key.join('/'), written.store]])
  return {
    store: { ...schema.shape.bottom, [name]: store },
    context: causalContext.join(causalContext.bottom, written.context),
  }
}
