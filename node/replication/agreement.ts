/**
 * Whether the cluster agrees: documents that differ though the changes are the same, replicas of which there
 * are two histories, and clocks that are wrong. None of it takes a node out of service, and each needs
 * somebody to look: health says so in a sentence, metrics in a number.
 */

import { Gauge, type Registry } from 'prom-client'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import type { PeerStatus } from '../../sync/peer-status.ts'
import type { CoreState, Store } from '../core/store.ts'
import type { HealthCheck } from '../http/health.ts'

export interface AgreementDeps {
  readonly peers: () => readonly Pick<PeerStatus, 'name' | 'divergent' | 'heldChanges'>[]
  readonly core: { state(): Pick<CoreState, 'clock'> }
  readonly store: Pick<Store, 'readQuarantine'>
  /** The physical clock. */
  readonly clock: { now(): number }
}

/** The checks, for `/health`. */
export const createAgreementChecks = (deps: AgreementDeps) =>
  ({
    documents: () => {
      const divergent = deps.peers().filter((peer) => peer.divergent)
      const figures = { divergent: divergent.length }
      return divergent.length > 0
        ? degraded(
            `Documents differ from those of ${namesOf(divergent)}, of equal changes`,
            figures,
          )
        : { status: 'ok', figures }
    },
    histories: () => {
      const quarantined = deps.store.readQuarantine().size
      const figures = { quarantined }
      return quarantined > 0
        ? degraded('There are two histories of a replica: see `atoll quarantine`', figures)
        : { status: 'ok', figures }
    },
    clock: () => {
      const holding = deps.peers().filter(({ heldChanges }) => heldChanges > 0)
      const aheadMs = aheadMsOf(deps)
      const heldChanges = holding.reduce((sum, peer) => sum + peer.heldChanges, 0)
      const figures = { aheadMs, heldChanges }
      if (aheadMs > hlc.driftMsMax) {
        return degraded(
          'Changes here are of a later time than our clock, which was put back',
          figures,
        )
      }
      return holding.length > 0
        ? degraded(`Changes from ${namesOf(holding)} are of a time that is yet to come`, figures)
        : { status: 'ok', figures }
    },
  }) satisfies Record<string, () => HealthCheck>

const degraded = (detail: string, figures: NonNullable<HealthCheck['figures']>): HealthCheck => ({
  status: 'degraded',
  detail,
  figures,
})

const namesOf = (peers: readonly { readonly name: string }[]): string =>
  peers.map(({ name }) => name).join(', ')

/** How far what we know of is ahead of our physical clock. */
const aheadMsOf = ({ core, clock }: AgreementDeps): number =>
  Math.max(0, core.state().clock.wallMs - clock.now())

/** Registers the same as figures, read at each scrape. */
export const watchAgreement = (deps: AgreementDeps & { readonly registry: Registry }): void => {
  const registers = [deps.registry]
  const byPeer = (
    name: string,
    help: string,
    figure: (peer: Pick<PeerStatus, 'divergent' | 'heldChanges'>) => number,
  ): void => {
    const gauge: Gauge<'peer'> = new Gauge({
      name,
      help,
      labelNames: ['peer'],
      registers,
      collect: () => {
        // A peer that has left must not keep its last value for ever.
        gauge.reset()
        for (const peer of deps.peers()) gauge.set({ peer: peer.name }, figure(peer))
      },
    })
  }
  byPeer(
    'atoll_peer_divergent',
    'Whether the peer had the same changes and other documents when last compared.',
    ({ divergent }) => (divergent ? 1 : 0),
  )
  byPeer(
    'atoll_peer_held_changes',
    'Changes of the peer that are not taken yet, because their time is too far ahead of our clock.',
    ({ heldChanges }) => heldChanges,
  )
  const quarantined: Gauge = new Gauge({
    name: 'atoll_quarantined_replicas',
    help: 'Replicas of which two histories were found.',
    registers,
    collect: () => quarantined.set(deps.store.readQuarantine().size),
  })
  const ahead: Gauge = new Gauge({
    name: 'atoll_clock_ahead_seconds',
    help: 'How far the latest time among the changes is ahead of our physical clock.',
    registers,
    collect: () => ahead.set(aheadMsOf(deps) / 1_000),
  })
}
