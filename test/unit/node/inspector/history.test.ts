/** What is still known of a document's past once its old changes were folded. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ReplicaId } from '../../../../crdt/dot.ts'
import * as hlc from '../../../../crdt/hybrid-logical-clock.ts'
import { explain } from '../../../../node/inspector/explain.ts'
import {
  foldedUntil,
  listHistory,
  replayHistory,
  type HistoryDeps,
} from '../../../../node/inspector/history.ts'
import { note, noteKind, rename, tag } from '../core/note.ts'
import { command, foldShare } from '../core/steps.ts'
import { createTestCore, send, type TestCore } from '../core/test-core.ts'

const depsOf = ({ store }: TestCore): HistoryDeps => ({ store, nodeOf: () => 'eu' })

const latestAt = (wallMs: number): hlc.Timestamp => ({
  wallMs,
  logical: hlc.logicalMax,
  replica: 'ffffffffffffffff' as ReplicaId,
})

describe('a past that was not folded', () => {
  test('is what it was before anything was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(command, fc.nat({ max: 3 })), { minLength: 2, maxLength: 15 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (life, share) => {
          const alice = createTestCore()
          const whole = createTestCore()
          for (const [one, waitMs] of life) {
            alice.clock.ms += waitMs
            alice.execute([one])
          }
          send(alice, whole)
          foldShare(alice, { share, changesMax: 100 })
          for (const id of ['n', 'm']) {
            const from = foldedUntil(depsOf(alice), { kind: 'note', id })?.wallMs ?? 0
            const last = alice.clock.ms
            for (let ms = Math.max(from, last - 60); ms <= last; ms++) {
              const asked = { kind: noteKind, id, until: latestAt(ms) }
              const [ours, theirs] = [alice, whole].map((core) =>
                replayHistory(depsOf(core), asked),
              )
              expect(note.encode(ours!.document as never)).toEqual(
                note.encode(theirs!.document as never),
              )
            }
          }
          for (const core of [alice, whole]) core.store.close()
        },
      ),
      { numRuns: 40 },
    )
  })
})

test('a document of which nothing was folded has all of its past', () => {
  const alice = createTestCore()
  alice.run(rename('n', 'milk')())
  foldShare(alice, { share: 1, changesMax: 9 })
  alice.run(rename('m', 'bread')())
  expect(foldedUntil(depsOf(alice), { kind: 'note', id: 'm' })).toBeUndefined()
  expect(foldedUntil(depsOf(alice), { kind: 'note', id: 'n' })).toEqual(alice.store.readHorizon())
  const past = replayHistory(depsOf(alice), { kind: noteKind, id: 'm' })
  expect(past).toMatchObject({ changes: 1, isFolded: false })
})

test('a value whose change was folded says who wrote it when, and that it was', () => {
  const alice = createTestCore()
  alice.run(rename('n', 'milk')())
  alice.run(tag('n', 'a')())
  const time = alice.state().clock
  foldShare(alice, { share: 1, changesMax: 9 })
  alice.clock.ms += 5
  alice.run(tag('n', 'b')())
  const deps = depsOf(alice)
  const past = replayHistory(deps, { kind: noteKind, id: 'n' })
  const fields = explain(note, past)
  const replica = alice.replica()
  expect(fields['title']).toMatchObject({
    value: 'milk',
    rule: 'only_write',
    winner: {
      dot: `${replica}:1`,
      writtenBy: {
        isFolded: true,
        change: null,
        type: null,
        actor: null,
        hlc: hlc.format({ wallMs: time.wallMs, logical: 0, replica }),
        replica,
        node: 'eu',
      },
    },
  })
  expect(fields['tags']).toMatchObject({
    parts: [
      { value: 'a', dot: `${replica}:2`, writtenBy: { isFolded: true, hlc: null, replica } },
      { value: 'b', writtenBy: { isFolded: false, change: `${replica}:3`, type: 'note.tagged' } },
    ],
  })
  expect(listHistory(deps, { kind: 'note', id: 'n' }).map(({ change }) => change)).toEqual([
    `${replica}:3`,
  ])
})
