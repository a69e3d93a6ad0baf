/** Equal changes and different documents: what it takes to believe it, and what is done about it. */

import { queue } from './pull.ts'
import {
  andThen,
  report,
  stay,
  type EventByKind,
  type Session,
  type Step,
} from './session-state.ts'

/**
 * The peer's digest was compared to ours at equal vectors. One look may fall between two steps of a
 * pull; two in a row are believed and reported, and both sides pull what differs.
 */
export const judge = (
  session: Session,
  { same }: EventByKind['digest_compared'],
  nowMs: number,
): Step => {
  if (same) {
    return {
      session: { ...session, divergent: false, divergentTimes: 0 },
      effects: session.divergent ? [{ kind: 'healed' }] : [],
    }
  }
  const looked = { ...session, divergentTimes: session.divergentTimes + 1 }
  if (looked.divergentTimes < 2) return stay(looked)
  const found: Step = {
    session: { ...looked, divergent: true },
    effects: session.divergent
      ? []
      : [report('divergent', 'Both nodes have the same changes and different documents.')],
  }
  // Nodes that read different schemas have different documents by right, and would pull for ever.
  return session.hasSameSchemas ? andThen(found, (next) => queue(next, 'divergent', nowMs)) : found
}
