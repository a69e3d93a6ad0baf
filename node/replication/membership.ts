/**
 * Whether a node still belongs to the cluster. Nobody can tell a node that is cut off from one that
 * burned, so an admin says it: a node that is declared gone is waited for no longer, and may not spend
 * what was given to it, because others may have been given it since.
 *
 * Why is it a document? The node learns it the way it learns everything, from whichever peer it meets
 * first. It is still synced with when it returns: what it has is not lost.
 */

import { edit, schema, type Document } from '../../crdt/document.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { Value } from '../../crdt/value.ts'
import { documentKind, draftDelta, type Decide, type World } from '../core/capability.ts'
import { isText } from '../guards.ts'
import { ok, refused } from '../result.ts'
import { nodeTable } from './tables.ts'

export type Standing = 'active' | 'gone'

const isStanding = (value: Value): value is Standing => value === 'active' || value === 'gone'

/** A node by its name. Standing and reason are written together, so that both tell of the same act. */
export const node = schema('node', 1, {
  standing: [1, lwwRegister.shape(isStanding)],
  reason: [2, lwwRegister.shape(isText)],
})

export type NodeDocument = Document<typeof node.fields>

export const nodeKind = documentKind({
  schema: node,
  tables: [nodeTable],
  project: (name, document) => ({
    nodes: [{ name, standing: standingOf(document), reason: reasonOf(document) }],
  }),
})

/**
 * A node of which nobody has said anything is active. While one admin says that it is gone and another
 * that it is not, it is gone: what it may not do then can be made up for, and what it did could not.
 */
export const standingOf = ({ store }: NodeDocument): Standing =>
  [...store.standing.values()].some(({ value }) => value.value === 'gone') ? 'gone' : 'active'

export const reasonOf = ({ store }: NodeDocument): string =>
  lwwRegister.read({ store: store.reason }) ?? ''

/** Whether a node must not spend rights, until an admin has readmitted it. */
export const isFenced = ({ read }: Pick<World, 'read'>, name: string): boolean =>
  standingOf(read(node, name)) === 'gone'

export interface MembershipInput {
  /** The node that is asked. */
  readonly self: string
  readonly name: string
  readonly reason: string
}

export type MembershipAnswer = { readonly name: string; readonly standing: Standing }

/** Declares a node gone. The node itself is the last that may say so: it is here. */
export const declareGone: Decide<MembershipInput, MembershipAnswer> = (world, input) =>
  input.name === input.self
    ? refused({
        code: 'node_is_this_one',
        detail: `${input.name} is the node that was asked, and it is not gone`,
      })
    : stand(world, input, 'gone')

/** Takes a node in again; whatever was said of it, it may do what any node may. */
export const readmit: Decide<MembershipInput, MembershipAnswer> = (world, input) =>
  stand(world, input, 'active')

const stand = (
  world: World,
  { name, reason }: MembershipInput,
  standing: Standing,
): ReturnType<Decide<MembershipInput, MembershipAnswer>> =>
  ok({
    type: standing === 'gone' ? 'node.declared_gone' : 'node.readmitted',
    details: { reason },
    deltas: [
      draftDelta(
        node,
        name,
        edit(node, world.read(node, name), {
          standing: (register) => lwwRegister.write(register, world.time, standing),
          reason: (register) => lwwRegister.write(register, world.time, reason),
        }),
      ),
    ],
    answer: { name, standing },
  })
