/**
 * Which node tells the world of which changes, so that each is told once although all nodes know it:
 * the node that made it. A node that was declared gone is stood in for by one of the others.
 */

import type { ReplicaId } from '../../crdt/dot.ts'
import type { Standing } from '../replication/membership.ts'

export interface Member {
  readonly name: string
  readonly standing: Standing
}

/**
 * The nodes that `self` speaks for: itself, and those that are gone, if it is the first by name of all
 * that are not. All nodes know the same of each other sooner or later; until then two may speak for
 * one, and consumers know what they had.
 *
 * A node that is gone itself goes on: what it says, nobody else may have to say.
 */
export const spokenFor = (self: string, members: readonly Member[]): readonly string[] => {
  const gone = members.filter(({ name, standing }) => standing === 'gone' && name !== self)
  const [first = self] = members
    .filter(({ name, standing }) => standing === 'active' || name === self)
    .map(({ name }) => name)
    .sort()
  return first === self ? [self, ...gone.map(({ name }) => name)] : [self]
}

/** Whose changes a reader of the log wants. */
export type Scope = 'all' | { readonly has: (replica: ReplicaId) => boolean }
