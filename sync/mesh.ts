/**
 * A node's sessions with all other nodes: whom it dials, whom it admits, and what an operator sees of them.
 *
 * Between two nodes one session is enough. When both dial at once, the one dialled by the smaller
 * name stays: both ends see the same two names, so they keep the same one without asking.
 */

import type { ReplicaId } from '../crdt/dot.ts'
import type { VersionVector } from '../crdt/version-vector.ts'
import { proofKeysOf } from './auth.ts'
import type { ChangeIntake, ChangeLog } from './change-log.ts'
import type { Connection, Dial } from './connection.ts'
import { createDialler } from './dialler.ts'
import type { DocumentExchange } from './document-exchange.ts'
import type { PeerIdentity } from './event.ts'
import { versionNewest } from './greeting.ts'
import type { PeerAddress } from './frame.ts'
import * as limits from './limits.ts'
import { createPassing } from './passing.ts'
import { createPeer, type Peer, type PeerDeps, type PeerOwner } from './peer.ts'
import {
  durableOf,
  keepTraffic,
  newRecord,
  statusOf,
  statusOfLine,
  type PeerRecord,
} from './peer-record.ts'
import type { Link, PeerStatus } from './peer-status.ts'
import { noAnswer, type AnsweringByTopic, type Asking } from './questions.ts'
import type { Problem, RefusalCode } from './refusal.ts'
import type { Clock, Logger, Random, Timers } from './surroundings.ts'
import { createSurveyor } from './surveyor.ts'
import { createTurns } from './turns.ts'

export interface Mesh {
  /** Takes a connection that another node has dialled. */
  accept(connection: Connection): void
  /** To be called after every fsync that added changes made here. What peers bring, the mesh sees itself. */
  notifyLogGrew(): void
  /** By name; what has not yet proved a name comes under its address. */
  peers(): readonly PeerStatus[]
  /** Every node that has proved its name since we started, and what it is known to hold durably. */
  durability(): readonly PeerDurability[]
  /**
   * Asks a node, which answers by what its `answering` has for the topic. Rejects with a `NoAnswer` if it
   * is out of reach, cannot answer, or has not in time.
   */
  ask(name: string, topic: string, body: Uint8Array, deadlineMs: number): Promise<Uint8Array>
  /** Nodes in reach that can be asked. */
  askable(): readonly Asking[]
  /** Cuts or opens our end of a link, for a drill; a restart opens all. */
  setLink(name: string, link: Link): SetLinkResult
  /** Connections that ended before their peer was known to belong here, and why the last one did. */
  strangers(): { readonly refused: number; readonly last: Problem | undefined }
  close(): void
}

/** Another node, as far as its sessions have told. */
export interface PeerDurability {
  readonly name: string
  readonly isConnected: boolean
  readonly durable: VersionVector
}

export type SetLinkResult =
  | { readonly ok: true; readonly value: undefined }
  /** No node has proved this name since we started. */
  | { readonly ok: false; readonly refusal: { readonly kind: 'unknown_peer' } }

export interface MeshDeps {
  readonly name: string
  /** Who this node is now: it goes on as another after a full disk. */
  readonly replica: () => ReplicaId
  /** At least 32 bytes. */
  readonly clusterKey: Uint8Array
  /** Addresses to dial, each approved by `isAddress`. */
  readonly addresses: readonly string[]
  /** Addresses under which others may dial us, at most `ownAddressesMax`. */
  readonly advertised?: readonly string[]
  /** The newest schema we can read, by document kind. */
  readonly schemaVersions: ReadonlyMap<string, number>
  readonly log: ChangeLog
  readonly intake: ChangeIntake
  readonly exchange: DocumentExchange
  /** What this node answers when others ask, by topic. */
  readonly answering?: AnsweringByTopic
  /** Called when a node has said that more of our log is on its disk. */
  readonly acknowledged?: () => void
  /** The newest version of the protocol to speak, to try how older nodes fare; by default the newest. */
  readonly versionMax?: number
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly dial: Dial
  readonly logger: Logger
}

export const createMesh = (deps: MeshDeps): Mesh => {
  const { name: ownName, log, clock, logger } = deps
  const peerDeps: PeerDeps = {
    ...deps,
    advertised: deps.advertised ?? [],
    schemas: deps.schemaVersions,
    versionMax: deps.versionMax ?? versionNewest,
    surveyor: createSurveyor(deps),
    answering: deps.answering ?? new Map(),
    isPulling: () => turns.isTaken(),
    keys: proofKeysOf(deps.clusterKey),
  }
  const recordsByName = new Map<string, PeerRecord>()
  const strangers = new Set<Peer>()
  let refused = 0
  let lastRefusal: Problem | undefined
  let isClosed = false
  let ownReplica = deps.replica()
  const turns = createTurns<Peer>()
  const passing = createPassing({
    timers: deps.timers,
    announce: () => eachPeer((peer) => peer.announce()),
    forward: () => eachPeer((peer) => peer.notifyLogGrew()),
  })

  const dialler = createDialler({
    timers: deps.timers,
    random: deps.random,
    call: (address) =>
      createPeer(peerDeps, owner, { connection: deps.dial(address), role: 'initiator' }),
    mayRest: (name) => {
      const record = recordsByName.get(name)
      return record?.peer !== undefined || record?.link === 'cut'
    },
  })

  const recordOf = (peer: Peer): PeerRecord | undefined => {
    const record = recordsByName.get(peer.session().peer?.name ?? '')
    return record?.peer === peer ? record : undefined
  }

  const owner: PeerOwner = {
    admit: (peer, identity) => {
      const code = refusalOf(peer, identity)
      strangers.delete(peer)
      dialler.named(peer, identity.name)
      if (code) return code
      welcome(peer, identity)
      return undefined
    },
    stateChanged: (peer, state) => {
      const record = recordOf(peer)
      if (!record || state !== 'live') return
      record.liveSinceMs = clock.monotonic()
      logger.info({ peer: record.name, replica: record.replica, role: peer.role }, 'peer is live')
      gossip()
    },
    askTurn: (peer, purpose) => {
      const record = recordOf(peer)
      if (!record || (purpose === 'divergent' && !mayRepair(record))) return peer.denyTurn()
      logger.info({ peer: record.name, purpose }, 'documents are to be reconciled')
      turns.ask(peer, () => peer.grantTurn())
    },
    endTurn: (peer) => turns.end(peer),
    healed: (peer) => {
      const record = recordOf(peer)
      if (!record) return
      record.repairs = 0
      logger.info({ peer: record.name }, 'documents are equal again')
    },
    tookChanges: () => passing.tookChanges(),
    acknowledged: () => deps.acknowledged?.(),
    met: (_peer, peers) => {
      for (const { name, address } of peers) {
        if (name !== ownName) dialler.learn(address, { configured: false, name })
      }
    },
    reported: (peer, found) => {
      const record = recordOf(peer)
      // A gap is closed by the restart that follows it; the rest stays until the next session.
      if (record && found.code !== 'gap') record.problem = found
      logger.warn({ peer: record?.name, code: found.code, detail: found.detail }, 'peer problem')
    },
    closed: (peer, reason, by) => {
      turns.end(peer)
      const record = recordOf(peer)
      const isStranger = strangers.delete(peer)
      const livedMs = record?.liveSinceMs === undefined ? 0 : clock.monotonic() - record.liveSinceMs
      note(peer, { reason, by, record, isStranger })
      if (record) farewell(record, peer, reason)
      dialler.ended(peer, reason, livedMs)
      if (record) dialler.released(record.name)
    },
  }

  /** Why a proven peer may not stay. */
  const refusalOf = (peer: Peer, { name, replica }: PeerIdentity): RefusalCode | undefined => {
    if (isClosed) return 'shutting_down'
    if (name === ownName || replica === deps.replica()) return 'name_in_use'
    const record = recordsByName.get(name)
    if (!record) return recordsByName.size < limits.peersMax ? undefined : 'too_many_peers'
    if (record.link === 'cut') return 'cut'
    const current = record.peer
    if (!current) return undefined
    // Another identity under the same name is the node after a restart.
    const yields = record.replica !== replica || isStale(current)
    return yields || (isPreferred(peer, name) && !isPreferred(current, name))
      ? undefined
      : 'duplicate'
  }

  const isStale = (peer: Peer): boolean =>
    clock.monotonic() - peer.session().lastHeardMs > limits.staleMsMin

  const isPreferred = (peer: Peer, name: string): boolean =>
    (peer.role === 'initiator') === ownName < name

  const welcome = (peer: Peer, { name, replica, addresses }: PeerIdentity): void => {
    const record = recordsByName.get(name) ?? newRecord(name, replica)
    recordsByName.set(name, record)
    const replaced = record.peer
    const isSame = record.replica === replica
    if (replaced) keepTraffic(record, replaced)
    record.replica = replica
    record.addresses = addresses
    record.peer = peer
    record.liveSinceMs = undefined
    record.problem = undefined
    // After the record names the new session: the end of the old one is then nobody's loss.
    replaced?.close(isSame && !isStale(replaced) ? 'duplicate' : 'superseded')
    for (const address of addresses) dialler.learn(address, { configured: false, name })
  }

  const farewell = (record: PeerRecord, peer: Peer, reason: Problem): void => {
    keepTraffic(record, peer)
    record.peer = undefined
    record.liveSinceMs = undefined
    record.problem = reason
  }

  /** Says once what keeps a peer away, not at every dial. */
  const note = (peer: Peer, { reason, by, record, isStranger }: Ending): void => {
    const fields = { peer: peer.session().peer?.name, code: reason.code, detail: reason.detail, by }
    if (record?.liveSinceMs !== undefined) return logger.info(fields, 'peer is gone')
    const line = dialler.lines().find((line) => line.peer === peer)
    if (line?.problem?.code === reason.code || quietCodes.has(reason.code)) return
    if (isStranger) {
      refused++
      lastRefusal = reason
    }
    logger.warn(fields, line ? `no session with ${line.address}` : 'a connection was refused')
  }

  const gossip = (): void => {
    const known = [...recordsByName.values()]
      .filter(({ peer }) => peer?.session().state === 'live')
      .flatMap(({ name, addresses }) => addresses.map((address) => ({ name, address })))
      .slice(0, limits.gossipMax)
    for (const { name, peer } of recordsByName.values()) {
      const others: PeerAddress[] = known.filter((entry) => entry.name !== name)
      if (peer?.session().state === 'live' && others.length > 0) peer.gossip(others)
    }
  }

  const eachPeer = (tell: (peer: Peer) => void): void => {
    for (const { peer } of recordsByName.values()) if (peer) tell(peer)
  }

  /** Whether it is time to try again to make documents equal; if so, the next time is later. */
  const mayRepair = (record: PeerRecord): boolean => {
    const nowMs = clock.monotonic()
    if (nowMs < record.repairDueMs) return false
    const pauseMs = limits.repairAgainMsMin * 2 ** record.repairs
    record.repairDueMs = nowMs + Math.min(pauseMs, limits.repairAgainMsMax)
    record.repairs++
    return true
  }

  // A session's identity is bound into its proofs, so there is no telling a peer of another: it is
  // greeted anew.
  const greetAnew = (): void => {
    ownReplica = deps.replica()
    logger.info({ replica: ownReplica }, 'this node goes on as another replica')
    for (const peer of strangers) peer.close('new_replica')
    eachPeer((peer) => peer.close('new_replica'))
  }

  const notifyLogGrew = (): void => {
    if (deps.replica() !== ownReplica) greetAnew()
    eachPeer((peer) => peer.notifyLogGrew())
  }

  for (const address of deps.addresses) dialler.learn(address, { configured: true })

  return {
    accept: (connection) => {
      if (isClosed || strangers.size >= limits.strangersMax) return connection.close()
      strangers.add(createPeer(peerDeps, owner, { connection, role: 'acceptor' }))
    },
    notifyLogGrew,
    peers: () => {
      const view = { log, nowMs: clock.now() }
      const lines = dialler.lines()
      const linesOf = (name: string) => lines.filter((line) => line.name === name)
      const records = [...recordsByName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
      return [
        ...records.map((record) => statusOf(record, linesOf(record.name), view)),
        ...lines
          .filter(({ name }) => name === undefined || !recordsByName.has(name))
          .map((line) => statusOfLine(line, view)),
      ]
    },
    durability: () =>
      [...recordsByName.values()].map((record) => ({
        name: record.name,
        isConnected: record.peer?.session().state === 'live',
        durable: durableOf(record),
      })),
    ask: (name, topic, body, deadlineMs) =>
      recordsByName.get(name)?.peer?.ask(topic, body, deadlineMs) ??
      Promise.reject(noAnswer('unreachable', `There is no node ${name} in reach`)),
    askable: () =>
      [...recordsByName.values()]
        .filter(({ peer }) => peer?.session().state === 'live')
        .map(({ name, replica }) => ({ name, replica })),
    setLink: (name, link) => {
      const record = recordsByName.get(name)
      if (!record) return { ok: false, refusal: { kind: 'unknown_peer' } }
      if (record.link !== link) {
        record.link = link
        logger.info({ peer: name, link }, 'link set')
        if (link === 'cut') {
          record.peer?.close('cut')
          dialler.hangUp(name, 'cut')
        } else {
          record.problem = undefined
          dialler.dialNow(name)
        }
      }
      return { ok: true, value: undefined }
    },
    strangers: () => ({ refused, last: lastRefusal }),
    close: () => {
      isClosed = true
      dialler.close()
      passing.close()
      for (const { peer } of recordsByName.values()) peer?.close('shutting_down')
      for (const peer of strangers) peer.close('shutting_down')
    },
  }
}

// They are how a mesh settles, or what an operator has just asked for.
const quietCodes: ReadonlySet<string> = new Set<RefusalCode>([
  'duplicate',
  'superseded',
  'self',
  'cut',
  'shutting_down',
  'new_replica',
])

interface Ending {
  readonly reason: Problem
  readonly by: string
  readonly record: PeerRecord | undefined
  readonly isStranger: boolean
}
