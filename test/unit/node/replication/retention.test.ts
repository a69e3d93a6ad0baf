import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { replicaIdOf, type ReplicaId } from '../../../../crdt/dot.ts'
import { counterOf, type VersionVector } from '../../../../crdt/version-vector.ts'
import {
  foldable,
  type Acquaintance,
  type FoldableLog,
  type FoldRule,
} from '../../../../node/replication/retention.ts'
import type { ChainHeads } from '../../../../sync/change.ts'

const replicas = [1, 2, 3].map((n) => replicaIdOf(new Uint8Array(8).fill(n)))
const headsOf = (counters: ReadonlyMap<ReplicaId, number>): ChainHeads =>
  new Map([...counters].map(([id, counter]) => [id, { counter, hash: new Uint8Array(32) }]))

const nowMs = 1_000_000
const retentionMs = 1_000

/** Each replica's changes by their times, of which the first few are folded. */
interface Life {
  readonly timesMs: ReadonlyMap<ReplicaId, readonly number[]>
  readonly folded: ReadonlyMap<ReplicaId, number>
}

const timesMs = fc
  .array(fc.integer({ min: nowMs - 3 * retentionMs, max: nowMs + 500 }), { maxLength: 12 })
  .map((times) => times.toSorted((a, b) => a - b))
const perReplica = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<ReadonlyMap<ReplicaId, T>> =>
  fc.tuple(one, one, one).map((ones) => new Map(replicas.map((id, at) => [id, ones[at]!])))

const life: fc.Arbitrary<Life> = fc.record({
  timesMs: perReplica(timesMs),
  folded: perReplica(fc.nat({ max: 12 })),
})

const acquaintance: fc.Arbitrary<Acquaintance> = fc.record({
  name: fc.constantFrom('us', 'ap'),
  heardMs: fc.option(fc.integer({ min: nowMs - 3 * retentionMs, max: nowMs }), { nil: undefined }),
  acknowledged: perReplica(fc.nat({ max: 12 })),
})
const others = fc.array(acquaintance, { maxLength: 3 })
const unread = fc.option(fc.nat({ max: 40 }), { nil: undefined })

/** The replicas' changes stand in the log in turn. */
const positionOf = (id: ReplicaId, counter: number): number =>
  counter * replicas.length + replicas.indexOf(id)

const logOf = ({ timesMs: times, folded }: Life): FoldableLog => {
  const counters = new Map([...times].map(([id, list]) => [id, list.length]))
  const floors = new Map([...counters].map(([id, last]) => [id, Math.min(last, folded.get(id)!)]))
  return {
    heads: headsOf(counters),
    floor: headsOf(floors),
    wallMsAt: (id, counter) => {
      // What was folded is not there to be asked.
      expect(counter).toBeGreaterThan(floors.get(id)!)
      return times.get(id)![counter - 1]!
    },
    positionOf,
  }
}

/** The rule once more, change by change. */
const mayFold = (
  { timesMs: times }: Life,
  { others: nodes, unreadFrom = Infinity }: Pick<FoldRule, 'others' | 'unreadFrom'>,
  replica: ReplicaId,
  counter: number,
): boolean => {
  const beforeMs = nowMs - retentionMs
  const has = ({ acknowledged }: Acquaintance) => counterOf(acknowledged, replica) >= counter
  const wallMs = times.get(replica)![counter - 1]!
  const isOld = wallMs < beforeMs
  const isWaitedFor = positionOf(replica, counter) >= unreadFrom && wallMs >= beforeMs - retentionMs
  const isHeard = ({ heardMs }: Acquaintance) => heardMs !== undefined && heardMs >= beforeMs
  if (isWaitedFor) return false
  return isOld && nodes.filter(isHeard).every(has) && (nodes.length === 0 || nodes.some(has))
}

describe('what may be folded', () => {
  test('is of each replica the longest run that the rule allows, change by change', () => {
    fc.assert(
      fc.property(life, others, unread, (lived, nodes, unreadFrom) => {
        const log = logOf(lived)
        const expected = new Map<ReplicaId, number>()
        for (const [replica, { counter: head }] of log.heads) {
          const from = log.floor.get(replica)?.counter ?? 0
          let last = from
          while (last < head && mayFold(lived, { others: nodes, unreadFrom }, replica, last + 1))
            last++
          if (last > from) expected.set(replica, last)
        }
        const rule = { nowMs, retentionMs, others: nodes, unreadFrom }
        expect(foldable(log, rule)).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  const [mine = '' as ReplicaId] = replicas
  const old: Life = {
    timesMs: new Map([[mine, [1, 2, 3]]]),
    folded: new Map([[mine, 0]]),
  }
  const upTo = (nodes: readonly Acquaintance[]): VersionVector =>
    foldable(logOf(old), { nowMs, retentionMs, others: nodes })
  const node = (heardMs: number | undefined, counter: number): Acquaintance => ({
    name: 'us',
    heardMs,
    acknowledged: new Map([[mine, counter]]),
  })

  test('is everything old for a node that is alone', () => {
    expect(upTo([])).toEqual(new Map([[mine, 3]]))
  })

  test('waits for a node that was heard of lately', () => {
    expect(upTo([node(nowMs, 3), node(nowMs - 10, 1)])).toEqual(new Map([[mine, 1]]))
  })

  test('does not wait for one that was silent for longer than the retention', () => {
    expect(upTo([node(nowMs, 3), node(nowMs - 2 * retentionMs, 1)])).toEqual(new Map([[mine, 3]]))
  })

  test('waits for a consumer of events that has not read it, for a second retention', () => {
    const recent: Life = {
      timesMs: new Map([[mine, [1, nowMs - 1_500, nowMs - 1_400]]]),
      folded: new Map([[mine, 0]]),
    }
    const rule = { nowMs, retentionMs, others: [], unreadFrom: 0 }
    expect(foldable(logOf(recent), rule)).toEqual(new Map([[mine, 1]]))
    expect(foldable(logOf(recent), { ...rule, nowMs: nowMs + 1_000 })).toEqual(new Map([[mine, 3]]))
  })

  test('is nothing that no other node has, however long they are silent', () => {
    expect(upTo([node(nowMs - 2 * retentionMs, 1)])).toEqual(new Map([[mine, 1]]))
    expect(upTo([node(undefined, 0)])).toEqual(new Map())
  })
})
