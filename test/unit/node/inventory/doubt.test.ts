import { describe, expect, test } from 'vitest'
import { chainStart } from '../../../../sync/change.ts'
import {
  isEverybodyHeard,
  isSignOfLife,
  judgeStart,
  type Start,
} from '../../../../node/inventory/doubt.ts'
import { absenceMsMax, signOfLifeMs } from '../../../../node/inventory/limits.ts'
import { alice, bob, carol } from '../../crdt/replicas.ts'

const nowMs = 1_780_000_000_000
const heads = (counters: Partial<Record<string, number>>) =>
  new Map(
    Object.entries(counters).map(([replica, counter = 0]) => [
      replica as typeof alice,
      { counter, hash: chainStart },
    ]),
  )
const usual: Start = {
  found: {
    kind: 'own',
    note: { replicas: [{ replica: bob, counter: 3 }], aliveMs: nowMs - 5_000, doubt: null },
  },
  heads: heads({ [bob]: 3 }),
  named: [bob],
  nowMs,
}
const noted = (aliveMs: number, counter = 3, doubt: 'absent' | null = null) =>
  ({
    kind: 'own',
    note: { replicas: [{ replica: bob, counter }], aliveMs, doubt },
  }) as const

describe('a node that starts', () => {
  test('inherits what its directory knows to be its own', () => {
    expect(judgeStart(usual)).toEqual({ former: [bob], doubt: null })
  })

  test('for the first time has nothing to inherit', () => {
    const start = { ...usual, found: { kind: 'none' } as const, heads: heads({}), named: [] }
    expect(judgeStart(start)).toEqual({ former: [], doubt: null })
  })

  test.each<[string, Partial<Start>, string]>([
    ['its directory was copied', { found: { kind: 'foreign' } }, 'copied'],
    ['only a database was put there', { found: { kind: 'none' } }, 'unnoted'],
    ['the database is older than the note', { heads: heads({ [bob]: 2 }) }, 'put_back'],
    ['it is known by a name it did not note', { named: [bob, carol] }, 'unnoted'],
    ['it was away for long', { found: noted(nowMs - absenceMsMax - 1) }, 'absent'],
    ['it was in doubt before', { found: noted(nowMs, 3, 'absent') }, 'absent'],
  ])('is in doubt when %s', (_why, part, doubt) => {
    expect(judgeStart({ ...usual, ...part }).doubt).toBe(doubt)
  })
})

test('everybody is heard when every other node was; who expects nobody needs none', () => {
  const heard = new Set(['us'])
  expect(isEverybodyHeard({ others: ['us'], heard, expectsOthers: true })).toBe(true)
  expect(isEverybodyHeard({ others: ['us', 'ap'], heard, expectsOthers: true })).toBe(false)
  expect(isEverybodyHeard({ others: [], heard: new Set(), expectsOthers: true })).toBe(false)
  expect(isEverybodyHeard({ others: [], heard, expectsOthers: true })).toBe(true)
  expect(isEverybodyHeard({ others: [], heard: new Set(), expectsOthers: false })).toBe(true)
})

test('what was written since the start, or just before it, is a sign of life', () => {
  expect(isSignOfLife(nowMs, nowMs)).toBe(true)
  expect(isSignOfLife(nowMs - signOfLifeMs, nowMs)).toBe(true)
  expect(isSignOfLife(nowMs - signOfLifeMs - 1, nowMs)).toBe(false)
})
