/** Which node a replica is: written once by each replica, so that the inspector can say who wrote what. */

import { edit, schema } from '../../crdt/document.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import { documentKind, draftDelta, type Decide, type World } from '../core/capability.ts'
import { isNull, isText } from '../guards.ts'
import { ok } from '../result.ts'
import { nodeReplicaTable } from './tables.ts'

export const replica = schema('replica', 1, {
  node: [1, lwwRegister.shape(isText)],
  opened: [2, eventLog.shape(isNull)],
})

export const replicaKind = documentKind({
  schema: replica,
  tables: [nodeReplicaTable],
  project: (id, { store }) => {
    const node = lwwRegister.read({ store: store.node })
    const [opened] = eventLog.entries({ store: store.opened })
    return node === undefined
      ? {}
      : { node_replicas: [{ replica: id, node, opened_ms: opened?.value.wallMs ?? 0 }] }
  },
})

/** A replica's first change: it names the node. */
export const openReplica: Decide<{ readonly node: string }, null> = (world, { node }) =>
  ok({
    type: 'replica.opened',
    deltas: [
      draftDelta(
        replica,
        world.replica,
        edit(replica, world.read(replica, world.replica), {
          node: (register) => lwwRegister.write(register, world.time, node),
          opened: (log) => eventLog.append(log, world.time, null),
        }),
      ),
    ],
    answer: null,
  })

/** The name of the node that a replica was; undefined if it has not told us yet. */
export const nodeOf = ({ read }: Pick<World, 'read'>, id: string): string | undefined =>
  lwwRegister.read({ store: read(replica, id).store.node })
