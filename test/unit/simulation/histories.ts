/**
 * Histories made by hand, for the tests of the checkers: what is told of a good one, to be broken at one
 * place each time.
 */

import { dotKey, replicaIdOf, type Dot, type ReplicaId } from '../../../crdt/dot.ts'
import * as digest from '../../../node/core/digest.ts'
import * as change from '../../../sync/change.ts'
import type { Change } from '../../../sync/change.ts'
import type {
  Answered,
  AppendedChange,
  Checker,
  CreateChecker,
  Durable,
} from '../../simulation/checkers/checker.ts'
import { createChronicle, type Chronicle } from '../../simulation/chronicle.ts'
import { newestRelease } from '../../simulation/cluster/cluster.ts'

export const replicaOf = (number: number): ReplicaId => replicaIdOf(new Uint8Array(8).fill(number))

export const alice = replicaOf(1)
export const bob = replicaOf(2)
export const carol = replicaOf(3)

export const nodes = {
  alice: { number: 0, name: 'alice' },
  bob: { number: 1, name: 'bob' },
  carol: { number: 2, name: 'carol' },
} as const

/** A checker under test, the chronicle it reads, and all that it has reported. */
export const underTest = (create: CreateChecker) => {
  const chronicle = createChronicle(newestRelease.kinds)
  const reports: string[] = []
  const checker: Checker = create((sentence) => void reports.push(sentence), chronicle)
  return { checker, chronicle, reports }
}

export const changeOf = (dot: Dot, more: Partial<Change> = {}): Uint8Array =>
  change.encode({
    dot,
    time: { wallMs: 1_000 * dot.counter, logical: 0 },
    actor: 'account/admin',
    type: 'note.written',
    requests: [],
    details: null,
    deltas: [],
    ...more,
  })

export interface Making {
  readonly maker?: number
  readonly causes?: Readonly<Record<string, number>>
  readonly change?: Partial<Change>
}

/** Makes a change known to the chronicle, as if its maker had just made it durable. */
export const make = (
  chronicle: Chronicle,
  dot: Dot,
  { maker = 0, causes = {}, change: more = {} }: Making = {},
): AppendedChange => {
  const found = chronicle.find(dot)
  const bytes = changeOf(dot, more)
  const known =
    found ??
    chronicle.record({
      dot,
      bytes,
      maker,
      causes: new Map(Object.entries(causes) as [ReplicaId, number][]),
    })
  known.holders.add(maker)
  return { known, bytes, isNew: !found }
}

/** A transaction of alice that appends these changes to an empty log, all in order. */
export const durable = (
  appended: readonly AppendedChange[],
  more: Partial<Durable> = {},
): Durable => ({
  node: nodes.alice,
  replica: alice,
  before: new Map(),
  appended,
  links: [],
  folded: [],
  floor: new Map(),
  isAhead: false,
  knowsOthers: true,
  isFound: false,
  release: 'new',
  after: {
    heads: new Map(
      appended.map(({ known: { dot } }) => [
        dot.replica,
        { counter: dot.counter, hash: change.chainStart },
      ]),
    ),
    clock: { wallMs: 1_000, logical: 0 },
    digest: digest.empty(),
  },
  clockBefore: { wallMs: 0, logical: 0 },
  wallMs: 1_000,
  ...more,
})

/** Alice tells somebody that a change of hers is done; it is on her disk. */
export const answered = (dot: Dot, more: Partial<Answered> = {}): Answered => ({
  node: nodes.alice,
  request: undefined,
  change: dot,
  answer: '{}',
  durable: new Map([[dot.replica, dot.counter]]),
  ...more,
})

export { dotKey }
