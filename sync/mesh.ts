/**
 * A node's sessions with all other nodes: whom it dials, whom it admits, and what an operator sees of them.
 *
 * Between two nodes one session is enough. When both dial at once, the one dialled by the smaller
 * name stays: both ends see the same two names, so they keep the same one without asking.
 */

import type { ReplicaId } from '../crdt/dot.ts'
import { bottom, type VersionVector } from '../crdt/version-vector.ts'
import { proofKeysOf } from './auth.ts'
import type { ChangeIntake, ChangeLog } from './change-log.ts'
import type { Connection, Dial } from './connection.ts'
import { createDialler, type Line } from './dialler.ts'
import type { PeerIdentity } from './event.ts'
import type { PeerAddress } from './frame.ts'
import { lagOf } from './lag.ts'
import * as limits from './limits.ts'
import { createPeer, type Peer, type PeerDeps, type PeerOwner } from './peer.ts'
import { absenceOf, stateOf, type Link, type PeerStatus } from './peer-status.ts'
import type { Problem, RefusalCode } from './refusal.ts'
import type { Clock, Logger, Random, Timers } from './surroundings.ts'

export interface Mesh {
  /** Takes a connection that another node has dialled. */
  accept(connection: Connection): void
  /** To be called after every fsync that added changes, whoever made them. */
  notifyLogGrew(): void
  /** By name; what has not yet proved a name comes under its address. */
  peers(): readonly PeerStatus[]
  /** Cuts or opens our end of a link, for a drill; a restart opens all. */
  setLink(name: string, link: Link): SetLinkResult
  /** Connections that ended before their peer was known to belong here, and why the last one did. */
  strangers(): { readonly refused: number; readonly last: Problem | undefined }
  close(): void
}

export type SetLinkResult =
  | { readonly ok: true; readonly value: undefined }
  /** No node has proved this name since we started. */
  | { readonly ok: false; readonly refusal: { readonly kind: 'unknown_peer' } }

export interface MeshDeps {
  readonly name: string
  readonly replica: ReplicaId
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
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly dial: Dial
  readonly logger: Logger
}

/** A node that has proved its name since we started. */
interface PeerRecord {
  readonly name: string
  replica: ReplicaId
  addresses: readonly string[]
  link: Link
  peer: Peer | undefined
  liveSinceMs: number | undefined
  problem: Problem | undefined
  durable: VersionVector
  /** Of the sessions that are over. */
  past: Traffic
}

interface Traffic {
  readonly sentChanges: number
  readonly receivedChanges: number
  readonly bytesSent: number
  readonly bytesReceived: number
}

export const createMesh = (deps: MeshDeps): Mesh => {
  const { name: ownName, log, clock, logger } = deps
  const peerDeps: PeerDeps = {
    ...deps,
    advertised: deps.advertised ?? [],
    schemas: deps.schemaVersions,
    keys: proofKeysOf(deps.clusterKey),
  }
  const recordsByName = new Map<string, PeerRecord>()
  const strangers = new Set<Peer>()
  let refused = 0
  let lastRefusal: Problem | undefined
  let isClosed = false

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
    tookChanges: () => notifyLogGrew(),
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
    if (name === ownName || replica === deps.replica) return 'name_in_use'
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

  const notifyLogGrew = (): void => {
    for (const { peer } of recordsByName.values()) peer?.notifyLogGrew()
  }

  const statusOf = (record: PeerRecord): PeerStatus => {
    const { name, replica, link, peer, past } = record
    const lines = dialler.lines().filter((line) => line.name === name)
    const calling = lines.map((line) => stateOf(line.peer)).find((state) => state !== undefined)
    const address = lines[0]?.address ?? record.addresses[0]
    const session = peer?.session()
    const lag = lagOf(
      log,
      session?.state === 'live' ? session.outbox.durable : record.durable,
      clock.now(),
    )
    const current = currentProblem(record)
    const absence = absenceOf(lines.find((line) => line.problem)?.problem ?? current)
    return {
      name,
      ...(address !== undefined && { address }),
      replica,
      state: link === 'cut' ? 'cut' : (stateOf(peer) ?? calling ?? absence),
      link,
      lagChanges: lag.changes,
      lagMs: lag.ms,
      ...(current && { problem: current }),
      divergent: session?.divergent ?? false,
      heldChanges: session?.inbox.heldChanges ?? 0,
      ...add(past, peer),
    }
  }

  /** An address where nobody has proved a name. */
  const statusOfLine = ({ address, peer, problem: found }: Line): PeerStatus => {
    const lag = lagOf(log, bottom, clock.now())
    return {
      name: address,
      address,
      state: stateOf(peer) ?? absenceOf(found),
      link: 'open',
      lagChanges: lag.changes,
      lagMs: lag.ms,
      ...(found && { problem: found }),
      divergent: false,
      heldChanges: 0,
      ...add(nothing, peer),
    }
  }

  for (const address of deps.addresses) dialler.learn(address, { configured: true })

  return {
    accept: (connection) => {
      if (isClosed || strangers.size >= limits.strangersMax) return connection.close()
      strangers.add(createPeer(peerDeps, owner, { connection, role: 'acceptor' }))
    },
    notifyLogGrew,
    peers: () => [
      ...[...recordsByName.values()].map(statusOf).sort((a, b) => (a.name < b.name ? -1 : 1)),
      ...dialler
        .lines()
        .filter(({ name }) => name === undefined || !recordsByName.has(name))
        .map(statusOfLine),
    ],
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
])

interface Ending {
  readonly reason: Problem
  readonly by: string
  readonly record: PeerRecord | undefined
  readonly isStranger: boolean
}

const nothing: Traffic = { sentChanges: 0, receivedChanges: 0, bytesSent: 0, bytesReceived: 0 }

const newRecord = (name: string, replica: ReplicaId): PeerRecord => ({
  name,
  replica,
  addresses: [],
  link: 'open',
  peer: undefined,
  liveSinceMs: undefined,
  problem: undefined,
  durable: bottom,
  past: nothing,
})

const add = (past: Traffic, peer: Peer | undefined): Traffic =>
  peer
    ? {
        sentChanges: past.sentChanges + peer.session().sentChanges,
        receivedChanges: past.receivedChanges + peer.session().receivedChanges,
        bytesSent: past.bytesSent + peer.bytesSent(),
        bytesReceived: past.bytesReceived + peer.bytesReceived(),
      }
    : past

const keepTraffic = (record: PeerRecord, peer: Peer): void => {
  record.past = add(record.past, peer)
  const { durable } = peer.session().outbox
  // A session that ended before the peer was ready has learned nothing of it.
  if (durable.size > 0) record.durable = durable
}

// What has passed by itself is a problem no more.
const currentProblem = ({ problem: found, peer }: PeerRecord): Problem | undefined => {
  const session = peer?.session()
  if (found?.code === 'divergent' && session?.divergent === false) return undefined
  if (found?.code === 'too_far_ahead' && session?.inbox.heldChanges === 0) return undefined
  return found
}
