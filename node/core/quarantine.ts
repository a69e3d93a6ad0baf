/**
 * Replicas in quarantine, for an operator: what told that there are two histories under one name, what
 * the node itself has there, and a way to trust the replica again.
 */

import type Database from 'better-sqlite3'
import type { ReplicaId } from '../../crdt/dot.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import * as change from '../../sync/change.ts'
import { Fault } from '../fault.ts'

export interface Quarantined {
  readonly replica: ReplicaId
  /** Where the two histories were seen to differ; they may differ before. */
  readonly counter: number
  /** The change that was refused; undefined if it is not as it was kept. */
  readonly refused: Told | undefined
  /** The change that the log has there; undefined if it was folded, or the log is not that long. */
  readonly ours: Told | undefined
}

/** A change, as far as it helps to recognise it. */
export interface Told {
  readonly type: string
  readonly actor: string
  readonly hlc: string
}

export const listQuarantine = (database: Database.Database): readonly Quarantined[] => {
  const ours = database
    .prepare<[string, number], Buffer>(
      `select bytes from changes join replicas on replicas.number = changes.replica
       where replicas.replica = ? and changes.counter = ?`,
    )
    .pluck()
  return database
    .prepare<[], { replica: ReplicaId; counter: number; bytes: Buffer }>(
      'select replica, counter, bytes from quarantine order by replica',
    )
    .all()
    .map(({ replica, counter, bytes }) => {
      const kept = ours.get(replica, counter)
      return { replica, counter, refused: tell(bytes), ours: kept && tell(kept) }
    })
}

const tell = (bytes: Uint8Array): Told | undefined => {
  if (!change.isIntact(bytes)) return undefined
  const made = change.decode(bytes)
  return { type: made.type, actor: made.actor, hlc: hlc.format(change.timestampOf(made)) }
}

/**
 * Takes the replica out of quarantine: what peers have of it will be taken again, where it continues
 * what the node has. If it does not, the replica is back in quarantine at once.
 */
export const liftQuarantine = (database: Database.Database, replica: string): void => {
  const { changes } = database
    .prepare<[string]>('delete from quarantine where replica = ?')
    .run(replica)
  if (changes === 0) throw new Fault('storage_failed', `${replica} is not in quarantine`)
}
