/** Two histories under one replica: where they are found, neither side of a session sends or takes more of it. */

import type { Dot, ReplicaId } from '../crdt/dot.ts'
import type { Effect } from './event.ts'
import { report, stay, type EventByKind, type Session, type Step } from './session-state.ts'

/** Quarantines the replicas of these dots and says so to the peer and to the operator. */
export const quarantineForks = (session: Session, forks: readonly Dot[]): Step => {
  const fresh = [...new Map(forks.map((dot) => [dot.replica, dot])).values()].filter(
    ({ replica }) => !session.quarantined.has(replica),
  )
  return {
    session: quarantine(
      session,
      fresh.map(({ replica }) => replica),
    ),
    effects: fresh.flatMap((dot): Effect[] => [
      { kind: 'send', frame: { kind: 'fork', dot } },
      report('fork', forkDetail(dot)),
    ]),
  }
}

const forkDetail = ({ replica, counter }: Dot): string =>
  `Replica ${replica} has two histories that differ at or before change ${counter}.`

export const quarantine = (session: Session, replicas: readonly ReplicaId[]): Session =>
  replicas.length === 0
    ? session
    : { ...session, quarantined: new Set([...session.quarantined, ...replicas]) }

export const takeFork = (session: Session, { dot }: EventByKind['fork']): Step =>
  session.quarantined.has(dot.replica)
    ? stay(session)
    : {
        session: quarantine(session, [dot.replica]),
        effects: [report('fork', `By the peer's account: ${forkDetail(dot)}`)],
      }
