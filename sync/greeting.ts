/** How a session begins: two hellos, two proofs, leave from the mesh, and what each side has. */

import { bottom } from '../crdt/version-vector.ts'
import * as auth from './auth.ts'
import { vectorOf } from './change.ts'
import type { EventByKind, Session, SessionConfig, Step } from './session-state.ts'
import { end, refuseFrame, report, stay } from './session-state.ts'
import * as frames from './frame.ts'
import type { Hello, Ready } from './frame.ts'
import * as limits from './limits.ts'
import * as outboxes from './outbox.ts'
import { problem } from './refusal.ts'

/** The protocol versions spoken here; a node may be told to speak no more than an older one. */
const versionOldest = 1
export const versionNewest = 3

const versionsOf = ({ versionMax }: SessionConfig) => ({
  from: versionOldest,
  to: Math.min(versionNewest, versionMax),
})

const capabilities: readonly string[] = []

const helloOf = (config: SessionConfig): Hello => ({
  kind: 'hello',
  versions: versionsOf(config),
  capabilities,
  name: config.name,
  replica: config.replica,
  nonce: config.nonce,
  addresses: config.addresses,
})

export const sendHello = (session: Session): Step => ({
  session,
  effects: [{ kind: 'send', frame: helloOf(session.config) }],
})

export const takeHello = (session: Session, hello: Hello): Step => {
  const { config } = session
  const versions = versionsOf(config)
  const version = Math.min(versions.to, hello.versions.to)
  if (version < Math.max(versions.from, hello.versions.from)) {
    const theirs = `${hello.versions.from} to ${hello.versions.to}`
    const detail = `We speak versions ${versions.from} to ${versions.to}, the peer ${theirs}.`
    return end(session, problem('bad_version', detail))
  }
  // One name and one replica: it is our own hello that came back.
  if (hello.name === config.name && hello.replica === config.replica) {
    return end(session, problem('self'))
  }
  const peer = {
    name: hello.name,
    replica: hello.replica,
    addresses: hello.addresses,
    version,
    capabilities: capabilities.filter((capability) => hello.capabilities.includes(capability)),
  }
  const next: Session = { ...session, state: 'awaiting_proof', peer }
  const proof = auth.prove(config.keys, config.role, hellosOf(next))
  return { session: next, effects: [{ kind: 'send', frame: { kind: 'prove', proof } }] }
}

const hellosOf = ({ config, peerHello }: Session): auth.Hellos => {
  const ours = frames.encode(helloOf(config))
  return config.role === 'initiator'
    ? { initiator: ours, acceptor: peerHello }
    : { initiator: peerHello, acceptor: ours }
}

export const takeProof = (session: Session, { proof }: EventByKind['prove']): Step => {
  const { config, peer } = session
  const theirs = { hellos: hellosOf(session), proof }
  if (!peer || !auth.isProven(config.keys, auth.otherRole(config.role), theirs)) {
    return end(session, problem('bad_cluster_key'))
  }
  return {
    session: { ...session, state: 'awaiting_admission' },
    effects: [{ kind: 'admit', peer }],
  }
}

export const sayReady = (
  session: Session,
  { heads, floor, digest }: EventByKind['admitted'],
): Step => {
  if (heads.size > limits.replicasMax) return end(session, problem('too_many_replicas'))
  const { schemas } = session.config
  const ready: Ready = {
    kind: 'ready',
    heads,
    floor: hasFloor(session) ? floor : undefined,
    digest,
    schemas,
  }
  return {
    session: { ...session, state: 'awaiting_ready', told: vectorOf(heads) },
    effects: [{ kind: 'send', frame: ready }],
  }
}

const hasFloor = ({ peer }: Session): boolean => peer !== undefined && peer.version >= 2

export const takeReady = (session: Session, { heads, floor, digest, schemas }: Ready): Step => {
  if ((floor !== undefined) !== hasFloor(session)) {
    return refuseFrame(session, 'A ready frame is of another version')
  }
  const vector = vectorOf(heads)
  const newer = [...schemas]
    .filter(([kind, version]) => version > (session.config.schemas.get(kind) ?? 0))
    .map(([kind, version]) => `${kind} ${version}`)
  return {
    session: {
      ...session,
      state: 'live',
      goal: vector,
      peerFloor: floor ?? bottom,
      hasSameSchemas: isSame(schemas, session.config.schemas),
      outbox: outboxes.learn(session.outbox, vector),
    },
    effects: [
      ...(newer.length > 0
        ? [report('schema_newer', `The peer writes schemas we cannot read: ${newer.join(', ')}`)]
        : []),
      { kind: 'compare_heads', heads },
      { kind: 'compare_digest', vector, digest },
      { kind: 'measure' },
    ],
  }
}

const isSame = (a: Ready['schemas'], b: Ready['schemas']): boolean =>
  a.size === b.size && [...a].every(([kind, version]) => b.get(kind) === version)

/** Nobody may take his time with the greeting. */
export const checkGreeting = (
  session: Session,
  _event: EventByKind['ticked'],
  nowMs: number,
): Step =>
  nowMs - session.openedMs > limits.greetingMsMax ? end(session, problem('late')) : stay(session)
