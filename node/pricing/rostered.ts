/**
 * The three rules that every rostered document shares: it is made under an id that follows from its
 * name, edited field by field, and deleted so that orders which refer to it still find it.
 *
 * An edit never undoes a deletion that it did not know of: what was withdrawn stays withdrawn, and
 * making it anew under its name brings it back.
 */

import { edit, type Document, type Edits, type Schema } from '../../crdt/document.ts'
import type { DotFun, Field } from '../../crdt/dot-store.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { Stamped } from '../../crdt/payload.ts'
import { draftDelta, type Decide, type World } from '../core/capability.ts'
import type { ErrorCode, Refusal } from '../errors.ts'
import { isBoolean, isNull } from '../guards.ts'
import { ok, refused } from '../result.ts'
import { rosterMax } from './limits.ts'
import { enlist, idsOf, strike, type Rostered } from './roster.ts'

/** The fields of every rostered document. */
export const rosteredFields = {
  created: [1, eventLog.shape(isNull)],
  isDeleted: [2, lwwRegister.shape(isBoolean)],
} as const

export type RosteredFields = {
  readonly created: Field<DotFun<Stamped<null>>>
  readonly isDeleted: Field<DotFun<Stamped<boolean>>>
}

/** Whether it is there to be used. */
export const isLive = (document: Document<RosteredFields>): boolean =>
  document.store.created.size > 0 && lwwRegister.read({ store: document.store.isDeleted }) !== true

export interface RosteredRules<Input> {
  readonly create: Decide<Named<Input>, { readonly id: string }>
  readonly edit: Decide<Named<Patch<Input>>, { readonly id: string }>
  readonly remove: Decide<{ readonly id: string }, { readonly id: string }>
}

export type Named<Input> = Input & { readonly id: string }

/** Some of the input; what is left out stays as it is. */
export type Patch<Input> = { readonly [Name in keyof Input]?: Input[Name] | undefined }

export const rosteredRules = <F extends RosteredFields, Input>(kind: {
  readonly schema: Schema<F>
  readonly roster: Rostered
  /** `zone`: begins the types of its changes. */
  readonly noun: string
  readonly codes: { readonly exists: ErrorCode; readonly notFound: ErrorCode }
  /** The edits that write what is given of the input. */
  readonly edits: (world: World, input: Patch<Input>, before: Document<F>) => Edits<F>
  /** Why the input does not fit the world, if it does not. */
  readonly judge?: (world: World, input: Patch<Input>) => Refusal | undefined
}): RosteredRules<Input> => {
  const { roster, noun, codes } = kind
  const live = (world: World, id: string) => isLive(world.read(kind.schema, id))
  const missing = (id: string) =>
    refused<Refusal>({ code: codes.notFound, detail: `There is no ${noun} ${id}` })

  const change = (world: World, id: string, input: Patch<Input>, more: Edits<RosteredFields>) => {
    const before = world.read(kind.schema, id)
    const edits = { ...kind.edits(world, input, before), ...more } as Edits<F>
    return draftDelta(kind.schema, id, edit(kind.schema, before, edits))
  }

  return {
    create: (world, input) => {
      const { id } = input
      if (live(world, id)) {
        return refused({ code: codes.exists, detail: `There is a ${noun} ${id} already` })
      }
      if (idsOf(world, roster).length >= rosterMax) {
        const detail = `A shop has at most ${rosterMax} of a ${noun}; delete one that is not used`
        return refused({ code: 'limit_reached', detail })
      }
      const refusal = kind.judge?.(world, input)
      if (refusal) return refused(refusal)
      const made = change(world, id, input, {
        created: (log) => eventLog.append(log, world.time, null),
        isDeleted: (register) => lwwRegister.write(register, world.time, false),
      })
      return ok({
        type: `${noun}.created`,
        deltas: [made, enlist(world, roster, id)],
        answer: { id },
      })
    },

    edit: (world, input) => {
      const { id } = input
      if (!live(world, id)) return missing(id)
      const refusal = kind.judge?.(world, input)
      if (refusal) return refused(refusal)
      return ok({
        type: `${noun}.updated`,
        deltas: [change(world, id, input, {})],
        answer: { id },
      })
    },

    remove: (world, { id }) => {
      if (!live(world, id)) return missing(id)
      const deleted = change(
        world,
        id,
        {},
        {
          isDeleted: (register) => lwwRegister.write(register, world.time, true),
        },
      )
      return ok({
        type: `${noun}.deleted`,
        deltas: [deleted, strike(world, roster, id)],
        answer: { id },
      })
    },
  }
}
