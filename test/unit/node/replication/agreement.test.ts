import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import type { ReplicaId } from '../../../../crdt/dot.ts'
import { driftMsMax } from '../../../../crdt/hybrid-logical-clock.ts'
import {
  createAgreementChecks,
  watchAgreement,
  type AgreementDeps,
} from '../../../../node/replication/agreement.ts'

const nowMs = 1_000_000

const cluster = (found: {
  readonly divergent?: boolean
  readonly heldChanges?: number
  readonly quarantined?: readonly string[]
  readonly aheadMs?: number
}): AgreementDeps => ({
  peers: () => [
    { name: 'alice', divergent: false, heldChanges: 0 },
    { name: 'bob', divergent: found.divergent ?? false, heldChanges: found.heldChanges ?? 0 },
  ],
  core: { state: () => ({ clock: { wallMs: nowMs + (found.aheadMs ?? 0), logical: 0 } }) },
  store: { readQuarantine: () => new Set((found.quarantined ?? []) as ReplicaId[]) },
  clock: { now: () => nowMs },
})

const examine = (deps: AgreementDeps) => {
  const { documents, histories, clock } = createAgreementChecks(deps)
  return { documents: documents(), histories: histories(), clock: clock() }
}

describe('a cluster that agrees', () => {
  test('is well', () => {
    const found = examine(cluster({ aheadMs: driftMsMax }))
    expect(Object.values(found).map(({ status }) => status)).toEqual(['ok', 'ok', 'ok'])
  })
})

describe('what does not agree needs a look, and leaves the node in service', () => {
  test.each([
    ['documents', { divergent: true }, 'bob', { divergent: 1 }],
    ['histories', { quarantined: ['a1'] }, 'two histories', { quarantined: 1 }],
    ['clock', { heldChanges: 3 }, 'bob', { heldChanges: 3, aheadMs: 0 }],
    ['clock', { aheadMs: driftMsMax + 1 }, 'put back', { aheadMs: driftMsMax + 1 }],
  ] as const)('%s: %o', (check, found, words, figures) => {
    const all = examine(cluster(found))
    expect(all[check]).toMatchObject({ status: 'degraded', figures })
    expect(all[check]).toMatchObject({ detail: expect.stringContaining(words) as string })
    const statuses = Object.values(all).map(({ status }) => status)
    expect(statuses.filter((status) => status !== 'ok')).toHaveLength(1)
  })
})

test('the same is measured, by peer where it is of one', async () => {
  const registry = new Registry()
  const found = { divergent: true, heldChanges: 3, quarantined: ['a1', 'b2'], aheadMs: 1_500 }
  watchAgreement({ ...cluster(found), registry })
  const text = await registry.metrics()
  expect(text).toContain('atoll_peer_divergent{peer="alice"} 0')
  expect(text).toContain('atoll_peer_divergent{peer="bob"} 1')
  expect(text).toContain('atoll_peer_held_changes{peer="bob"} 3')
  expect(text).toContain('atoll_quarantined_replicas 2')
  expect(text).toContain('atoll_clock_ahead_seconds 1.5')
})
