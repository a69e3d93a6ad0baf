/**
 * What a node remembers of the others over a restart: when each was last connected, and what it is
 * known to hold. Without it a node that was just started would know of nobody to wait for.
 */

import { isReplicaId, type ReplicaId } from '../../crdt/dot.ts'
import { bottom, join, type VersionVector } from '../../crdt/version-vector.ts'
import type { PeerDurability } from '../../sync/mesh.ts'
import type { SealedNotes } from '../core/sealed-note.ts'
import type { Acquaintance } from './retention.ts'

export interface Acquaintances {
  /** What is known of other nodes, with what was heard of them since the last note. */
  with(heard: readonly PeerDurability[], nowMs: number): readonly Acquaintance[]
  /** The same, and remembers it. */
  note(heard: readonly PeerDurability[], nowMs: number): readonly Acquaintance[]
}

export const createAcquaintances = (deps: {
  readonly notes: Pick<SealedNotes, 'read' | 'write'>
  /** Whether the log has changes of this replica: of others there is nothing to remember. */
  readonly isInLog: (replica: ReplicaId) => boolean
}): Acquaintances => {
  const { notes, isInLog } = deps
  let known = read(notes.read('acquaintances'))

  const merged = (
    heard: readonly PeerDurability[],
    nowMs: number,
  ): ReadonlyMap<string, Acquaintance> => {
    const after = new Map(known)
    for (const { name, isConnected, durable } of heard) {
      const before = known.get(name)
      // One that is connected says itself what it holds: it may come back with less than it had.
      const acknowledged = isConnected ? durable : join(before?.acknowledged ?? bottom, durable)
      after.set(name, {
        name,
        heardMs: isConnected ? nowMs : before?.heardMs,
        acknowledged: new Map([...acknowledged].filter(([replica]) => isInLog(replica))),
      })
    }
    return after
  }

  return {
    with: (heard, nowMs) => [...merged(heard, nowMs).values()],
    note: (heard, nowMs) => {
      known = merged(heard, nowMs)
      const text = write(known)
      if (text !== notes.read('acquaintances')) notes.write('acquaintances', text)
      return [...known.values()]
    },
  }
}

const write = (known: ReadonlyMap<string, Acquaintance>): string =>
  JSON.stringify(
    [...known.values()].map(({ name, heardMs, acknowledged }) => ({
      name,
      heardMs,
      acknowledged: Object.fromEntries(acknowledged),
    })),
  )

// Our own words, under a seal: they are what `write` wrote.
const read = (text: string | undefined): ReadonlyMap<string, Acquaintance> => {
  const written = JSON.parse(text ?? '[]') as readonly Written[]
  return new Map(
    written.map(({ name, heardMs, acknowledged }) => [
      name,
      { name, heardMs, acknowledged: vectorOf(acknowledged) },
    ]),
  )
}

interface Written {
  readonly name: string
  readonly heardMs?: number
  readonly acknowledged: Readonly<Record<string, number>>
}

const vectorOf = (counters: Written['acknowledged']): VersionVector => {
  const vector = new Map<ReplicaId, number>()
  for (const [replica, counter] of Object.entries(counters)) {
    if (isReplicaId(replica)) vector.set(replica, counter)
  }
  return vector
}
