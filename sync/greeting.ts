/** How a session begins: two hellos, two proofs, leave from the mesh, and what each side has. */

import * as auth from './auth.ts'
import type { EventByKind, Session, SessionConfig, Step } from './session-state.ts'
import { end, report, stay } from './session-state.ts'
import * as frames from './frame.ts'
import type { Hello, Ready } from './frame.ts'
import * as limits from './limits.ts'
import * as outboxes from './outbox.ts'
import { problem } from './refusal.ts'

/** The protocol versions spoken here. */
export const versions = { from: 1, to: 1 } as const

const capabilities: readonly string[] = []

const helloOf = ({ name, replica, nonce, addresses }: SessionConfig): Hello => ({
  kind: 'hello',
  versions,
  capabilities,
  name,
  replica,
  nonce,
  addresses,
})

export const sendHello = (session: Session): Step => ({
  session,
  effects: [{ kind: 'send', frame: helloOf(session.config) }],
})

export const takeHello = (session: Session, hello: Hello): Step => {
  const { config } = session
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

export const sayReady = (session: Session, { heads, digest }: EventByKind['admitted']): Step =>
  heads.size > limits.replicasMax
    ? end(session, problem('too_many_replicas'))
    : {
        session: { ...session, state: 'awaiting_ready' },
        effects: [
          {
            kind: 'send',
            frame: { kind: 'ready', heads, digest, schemas: session.config.schemas },
          },
        ],
      }

export const takeReady = (session: Session, { heads, digest, schemas }: Ready): Step => {
  const vector = new Map([...heads].map(([replica, { counter }]) => [replica, counter] as const))
  const newer = [...schemas]
    .filter(([kind, version]) => version > (session.config.schemas.get(kind) ?? 0))
    .map(([kind, version]) => `${kind} ${version}`)
  return {
    session: {
      ...session,
      state: 'live',
      goal: vector,
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

/** Nobody may take his time with the greeting. */
export const checkGreeting = (
  session: Session,
  _event: EventByKind['ticked'],
  nowMs: number,
): Step =>
  nowMs - session.openedMs > limits.greetingMsMax ? end(session, problem('late')) : stay(session)
