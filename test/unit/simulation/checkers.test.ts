/** Every checker is shown a history that is wrong at one place, and one that is not. */

import { describe, expect, test } from 'vitest'
import { edit } from '../../../crdt/document.ts'
import * as escrowCounter from '../../../crdt/escrow-counter.ts'
import { driftMsMax } from '../../../crdt/hybrid-logical-clock.ts'
import * as orSet from '../../../crdt/or-set.ts'
import { variantIdOf, productIdOf } from '../../../node/catalog/ids.ts'
import { product } from '../../../node/catalog/product.ts'
import type { CartId } from '../../../node/cart/cart-id.ts'
import * as digest from '../../../node/core/digest.ts'
import { acknowledgedStays } from '../../simulation/checkers/acknowledged-stays.ts'
import { breaksForCause } from '../../simulation/checkers/breaks-for-cause.ts'
import { causesFirst } from '../../simulation/checkers/causes-first.ts'
import type { SettledNode } from '../../simulation/checkers/checker.ts'
import { clockStaysNear } from '../../simulation/checkers/clock-stays-near.ts'
import { derivedAsRebuilt } from '../../simulation/checkers/derived-as-rebuilt.ts'
import { documentsFollow } from '../../simulation/checkers/documents-follow.ts'
import { durableBeforeShipped } from '../../simulation/checkers/durable-before-shipped.ts'
import { effectsLater } from '../../simulation/checkers/effects-later.ts'
import { equalChangesEqualDocuments } from '../../simulation/checkers/equal-changes-equal-documents.ts'
import { forksAreNoticed } from '../../simulation/checkers/forks-are-noticed.ts'
import { forksForCause } from '../../simulation/checkers/forks-for-cause.ts'
import { foldedIsShared } from '../../simulation/checkers/folded-is-shared.ts'
import { intentsOnce, model, type IntentBook } from '../../simulation/checkers/intents-once.ts'
import { neverOversold } from '../../simulation/checkers/never-oversold.ts'
import { nodesAgree } from '../../simulation/checkers/nodes-agree.ts'
import { nothingTwice } from '../../simulation/checkers/nothing-twice.ts'
import { oneChangeADot } from '../../simulation/checkers/one-change-a-dot.ts'
import { requestsOnce } from '../../simulation/checkers/requests-once.ts'
import { newestRelease } from '../../simulation/cluster/cluster.ts'
import type { Operation } from '../../simulation/store/operations.ts'
import { apply, emptyTables, keyOf, type Tables } from '../../simulation/store/tables.ts'
import { simStock, simStockKind } from '../../simulation/workload/sim-stock.ts'
import {
  alice,
  answered,
  bob,
  carol,
  changeOf,
  dotKey,
  durable,
  make,
  nodes,
  underTest,
} from './histories.ts'

const first = { replica: alice, counter: 1 }
const second = { replica: alice, counter: 2 }
const bobs = { replica: bob, counter: 1 }

describe('one change a dot', () => {
  test('is broken by other bytes under a dot that is known', () => {
    const { checker, chronicle, reports } = underTest(oneChangeADot)
    checker.durable?.(durable([make(chronicle, first)]))
    expect(reports).toEqual([])
    checker.durable?.(durable([make(chronicle, first, { change: { actor: 'account/bob' } })]))
    expect(reports).toHaveLength(1)
  })
})

describe('durable before shipped', () => {
  test('is broken by a change that is first seen where it was not made', () => {
    const { checker, chronicle, reports } = underTest(durableBeforeShipped)
    checker.durable?.(durable([make(chronicle, first)]))
    expect(reports).toEqual([])
    checker.durable?.(durable([make(chronicle, bobs)]))
    expect(reports).toHaveLength(1)
  })

  test('lets a node find on its disk what it did not live to tell of', () => {
    const { checker, chronicle, reports } = underTest(durableBeforeShipped)
    checker.durable?.(durable([make(chronicle, bobs)], { isFound: true }))
    expect(reports).toEqual([])
  })
})

describe('nothing twice', () => {
  test('is broken by a change that the log has', () => {
    const { checker, chronicle, reports } = underTest(nothingTwice)
    checker.durable?.(durable([make(chronicle, first)], { before: new Map([[alice, 1]]) }))
    expect(reports).toHaveLength(1)
  })

  test('is broken by a change that leaves a gap', () => {
    const { checker, chronicle, reports } = underTest(nothingTwice)
    checker.durable?.(durable([make(chronicle, second)]))
    expect(reports).toHaveLength(1)
  })

  test('holds for changes one after the other', () => {
    const { checker, chronicle, reports } = underTest(nothingTwice)
    checker.durable?.(durable([make(chronicle, first), make(chronicle, second)]))
    expect(reports).toEqual([])
  })
})

describe('causes first', () => {
  test('is broken by an effect whose cause is missing', () => {
    const { checker, chronicle, reports } = underTest(causesFirst)
    make(chronicle, first)
    checker.durable?.(durable([make(chronicle, bobs, { causes: { [alice]: 1 } })]))
    expect(reports).toHaveLength(1)
  })

  test('holds when the cause comes before it, in the same transaction or an earlier one', () => {
    const { checker, chronicle, reports } = underTest(causesFirst)
    const [cause, effect] = [
      make(chronicle, first),
      make(chronicle, bobs, { causes: { [alice]: 1 } }),
    ]
    checker.durable?.(durable([cause, effect]))
    checker.durable?.(durable([effect], { before: new Map([[alice, 1]]) }))
    expect(reports).toEqual([])
  })
})

describe('effects later', () => {
  const effectAt = (wallMs: number) => {
    const { checker, chronicle, reports } = underTest(effectsLater)
    make(chronicle, first, { change: { time: { wallMs: 5_000, logical: 0 } } })
    const time = { wallMs, logical: 0 }
    const effect = make(chronicle, bobs, { causes: { [alice]: 1 }, change: { time } })
    checker.durable?.(durable([effect]))
    return reports
  }

  test('is broken by an effect that is not later than its cause', () => {
    expect(effectAt(4_999)).toHaveLength(1)
  })

  test('holds for one that is', () => {
    expect(effectAt(5_001)).toEqual([])
  })
})

describe('acknowledged stays', () => {
  const settledAt = (counter: number): SettledNode => {
    const heads = new Map([[alice, { counter, hash: new Uint8Array(32) }]])
    return settled(emptyTables(), { heads })
  }

  test('is broken by an answer before the sync', () => {
    const { checker, reports } = underTest(acknowledgedStays)
    checker.answered?.(answered(second, { durable: new Map([[alice, 1]]) }))
    expect(reports).toHaveLength(1)
  })

  test('is broken by a node that lacks it in the end', () => {
    const { checker, reports } = underTest(acknowledgedStays)
    checker.answered?.(answered(second))
    checker.settled?.({ nodes: [settledAt(2), settledAt(1)] })
    expect(reports).toHaveLength(1)
  })

  test('holds when all have it, or the only disk that had it is lost', () => {
    const { checker, chronicle, reports } = underTest(acknowledgedStays)
    checker.answered?.(answered(second))
    checker.settled?.({ nodes: [settledAt(2), settledAt(3)] })
    checker.forgotten?.({ dots: [make(chronicle, second).known] })
    checker.settled?.({ nodes: [settledAt(1)] })
    expect(reports).toEqual([])
  })
})

describe('requests once', () => {
  const twice = { change: { requests: ['key/1'] } }

  test('is broken by a second change where the first is in the log', () => {
    const { checker, chronicle, reports } = underTest(requestsOnce)
    checker.durable?.(durable([make(chronicle, first, twice)]))
    checker.durable?.(durable([make(chronicle, second, twice)], { before: new Map([[alice, 1]]) }))
    expect(reports).toHaveLength(1)
  })

  test('lets two regions answer while they have not heard of each other', () => {
    const { checker, chronicle, reports } = underTest(requestsOnce)
    checker.durable?.(durable([make(chronicle, first, twice)]))
    checker.durable?.(durable([make(chronicle, bobs, twice)], { node: nodes.bob }))
    expect(reports).toEqual([])
  })

  test('is broken by another answer from the same change', () => {
    const { checker, reports } = underTest(requestsOnce)
    checker.answered?.(answered(first, { request: 'key/1', answer: '1' }))
    checker.answered?.(answered(first, { request: 'key/1', answer: '2' }))
    expect(reports).toHaveLength(1)
  })
})

describe('never oversold', () => {
  const empty = simStock.bottom
  const deltaOf = (units: escrowCounter.EscrowCounter) => ({
    kind: simStock.kind,
    id: 'tea',
    bytes: simStock.encode(edit(simStock, empty, { units: () => units })),
  })
  const stockOf = (account: Partial<escrowCounter.Account>, replica = alice) => {
    const dot = { replica, counter: 1 }
    const nothing = { received: 0, spent: 0, granted: new Map(), reclaimed: new Map() }
    const value = { ...nothing, ...account }
    return deltaOf({
      store: new Map([[dotKey(dot), { dot, value }]]),
      context: { vector: new Map([[replica, 1]]), cloud: new Map() },
    })
  }
  const reportsOf = (...accounts: readonly [Partial<escrowCounter.Account>, typeof alice][]) => {
    const { checker, chronicle, reports } = underTest(neverOversold)
    for (const [account, replica] of accounts) {
      const deltas = [stockOf(account, replica)]
      const made = make(chronicle, { replica, counter: 1 }, { change: { deltas } })
      checker.durable?.(durable([made]))
    }
    return reports
  }

  test('is broken by more units sold than came in', () => {
    expect(reportsOf([{ received: 2, spent: 3 }, alice])).toHaveLength(1)
  })

  test('is broken by rights that are spent and granted away', () => {
    const account = { received: 3, spent: 2, granted: new Map([[bob, 2]]) }
    expect(reportsOf([account, alice])).toHaveLength(1)
  })

  test('holds for what was granted and then sold', () => {
    expect(
      reportsOf([{ received: 3, granted: new Map([[bob, 2]]) }, alice], [{ spent: 2 }, bob]),
    ).toEqual([])
  })
})

describe('equal changes, equal documents', () => {
  const after = (fill: number) => ({
    heads: new Map([[alice, { counter: 1, hash: new Uint8Array(32) }]]),
    clock: { wallMs: 0, logical: 0 },
    digest: new Uint8Array(32).fill(fill),
  })

  test('is broken by another digest at the same vector', () => {
    const { checker, reports } = underTest(equalChangesEqualDocuments)
    checker.durable?.(durable([], { after: after(1) }))
    checker.durable?.(durable([], { after: after(2), node: nodes.bob }))
    expect(reports).toHaveLength(1)
  })

  test('says nothing of other releases, and of documents that came without their changes', () => {
    const { checker, reports } = underTest(equalChangesEqualDocuments)
    checker.durable?.(durable([], { after: after(1) }))
    checker.durable?.(durable([], { after: after(2), release: 'old' }))
    checker.durable?.(durable([], { after: after(2), isAhead: true }))
    expect(reports).toEqual([])
  })
})

describe('clock stays near', () => {
  const reportsAt = (wallMs: number, clockBefore = { wallMs: 0, logical: 0 }) => {
    const { checker, reports } = underTest(clockStaysNear)
    const fact = durable([], { clockBefore, wallMs: 1_000_000 })
    checker.durable?.({ ...fact, after: { ...fact.after, clock: { wallMs, logical: 0 } } })
    return reports
  }

  test('is broken by a clock that follows one that is far ahead', () => {
    expect(reportsAt(1_000_000 + driftMsMax + 1)).toHaveLength(1)
  })

  test('is broken by a clock that goes back', () => {
    expect(reportsAt(999_000, { wallMs: 1_000_000, logical: 0 })).toHaveLength(1)
  })

  test('holds within the drift, and for a clock that was ahead before', () => {
    expect(reportsAt(1_000_000 + driftMsMax)).toEqual([])
    expect(reportsAt(9_000_000, { wallMs: 9_000_000, logical: 0 })).toEqual([])
  })
})

describe('folded is shared', () => {
  test('is broken by a change that nobody else ever had, if there are others', () => {
    const { checker, chronicle, reports } = underTest(foldedIsShared)
    const { known } = make(chronicle, first)
    checker.durable?.(durable([], { folded: [known], knowsOthers: false }))
    expect(reports).toEqual([])
    checker.durable?.(durable([], { folded: [known] }))
    expect(reports).toHaveLength(1)
    known.holders.add(1)
    checker.durable?.(durable([], { folded: [known] }))
    expect(reports).toHaveLength(1)
  })
})

describe('breaks for cause', () => {
  test('is broken by a node that breaks while its disk is well', () => {
    const { checker, reports } = underTest(breaksForCause)
    checker.broke?.({ node: nodes.alice, hadCause: true, detail: '' })
    expect(reports).toEqual([])
    checker.broke?.({ node: nodes.alice, hadCause: false, detail: 'an assertion' })
    expect(reports).toHaveLength(1)
  })
})

describe('forks for cause', () => {
  test('is broken by a node that tells of two histories', () => {
    const { checker, reports } = underTest(forksForCause)
    checker.accused?.({ node: nodes.alice, sentence: 'Replica a1 has two histories.' })
    expect(reports).toHaveLength(1)
  })
})

describe('forks are noticed', () => {
  const twins = () => [withStock(), withStock([])].map((tables) => settled(tables))

  test('holds where all have one history', () => {
    const { checker, reports } = underTest(forksAreNoticed)
    checker.settled?.({ nodes: twins() })
    expect(reports).toEqual([])
  })

  test('is broken where two nodes have two, and nobody says so', () => {
    const { checker, reports } = underTest(forksAreNoticed)
    const [one, other] = twins()
    const ours = other!.tables.chains.get(alice)?.get(1)
    ours!.bytes = changeOf(first, { requests: ['another'] })
    checker.settled?.({ nodes: [one!, other!] })
    expect(reports).toHaveLength(1)
    const told = underTest(forksAreNoticed)
    told.checker.settled?.({ nodes: [one!, { ...other!, reportedFork: true }] })
    expect(told.reports).toEqual([])
  })
})

const settled = (tables: Tables, more: Partial<SettledNode['state']> = {}): SettledNode => ({
  node: nodes.alice,
  state: { heads: tables.heads, clock: tables.clock, digest: tables.digest, ...more },
  tables,
  reportedFork: false,
  kinds: newestRelease.kinds,
})

/** Tables with one stock document, made by one change, and all that is derived from it. */
const withStock = (operations: readonly Operation[] = []): Tables => {
  const tables = emptyTables()
  const state = edit(simStock, simStock.bottom, {
    units: (counter) => escrowCounter.receive(counter, alice, 3),
  })
  const bytes = simStock.encode(state)
  const hash = digest.documentHash(simStock.kind, 'tea', bytes)
  const sum = digest.sumFrom(digest.empty())
  sum.add(hash)
  const deltas = [{ kind: simStock.kind, id: 'tea', bytes }]
  const made = changeOf(first, { deltas, requests: ['key/1'] })
  const document = { number: 1, kind: simStock.kind, id: 'tea' }
  const rows = simStockKind.project('tea', state)['sim_stock'] ?? []
  const all: readonly Operation[] = [
    { op: 'change', position: 1, ...first, wallMs: 1, bytes: made, hash: new Uint8Array(32) },
    { op: 'request', request: 'key/1', position: 1 },
    { op: 'document', ...document, bytes, hash },
    { op: 'touch', number: 1, position: 1 },
    { op: 'rows', table: 'sim_stock', number: 1, rows, isNew: 1 },
    { op: 'head', ...first, hash: new Uint8Array(32) },
    { op: 'state', wallMs: 1, logical: 0, digest: sum.bytes() },
    ...operations,
  ]
  for (const operation of all) apply(tables, operation)
  return tables
}

describe('nodes agree', () => {
  const reportsOf = (...others: readonly Operation[]) => {
    const { checker, reports } = underTest(nodesAgree)
    checker.settled?.({ nodes: [settled(withStock()), settled(withStock(others))] })
    return reports
  }

  test('holds for nodes that have the same', () => {
    expect(reportsOf()).toEqual([])
  })

  test('is broken by another head, another digest or another row', () => {
    const hash = new Uint8Array(32)
    expect(reportsOf({ op: 'head', replica: bob, counter: 1, hash })).toHaveLength(1)
    const digest = new Uint8Array(32)
    expect(reportsOf({ op: 'state', wallMs: 1, logical: 0, digest })).toHaveLength(1)
    expect(reportsOf({ op: 'clearRows', table: 'sim_stock' })).toHaveLength(1)
  })

  test('is broken by another document', () => {
    const bytes = simStock.encode(simStock.bottom)
    const document = { op: 'document', number: 1, kind: simStock.kind, id: 'tea' } as const
    expect(reportsOf({ ...document, bytes, hash: new Uint8Array(32) })).toHaveLength(1)
  })
})

describe('derived as rebuilt', () => {
  const reportsOf = (...operations: readonly Operation[]) => {
    const { checker, reports } = underTest(derivedAsRebuilt)
    checker.settled?.({ nodes: [settled(withStock(operations))] })
    return reports
  }

  test('holds for what follows from the log', () => {
    expect(reportsOf()).toEqual([])
  })

  test('is broken by rows that are missing, left behind or of nobody', () => {
    const rows = [{ id: 'tea', available: 9 }]
    expect(reportsOf({ op: 'clearRows', table: 'sim_stock' })).toHaveLength(1)
    expect(reportsOf({ op: 'rows', table: 'sim_stock', number: 1, rows, isNew: 1 })).toHaveLength(1)
    expect(reportsOf({ op: 'rows', table: 'sim_stock', number: 2, rows, isNew: 1 })).toHaveLength(1)
  })

  test('is broken by a digest that is not the sum', () => {
    const digest = new Uint8Array(32)
    expect(reportsOf({ op: 'state', wallMs: 1, logical: 0, digest })).toHaveLength(1)
  })

  test('is broken by a request that nothing answered, and by one that was forgotten', () => {
    expect(reportsOf({ op: 'request', request: 'key/2', position: 1 })).toHaveLength(1)
    const tables = withStock()
    tables.requests.clear()
    const { checker, reports } = underTest(derivedAsRebuilt)
    checker.settled?.({ nodes: [settled(tables)] })
    expect(reports).toHaveLength(1)
  })

  test('is broken by a history that lacks a change', () => {
    const tables = withStock()
    tables.touches.clear()
    const { checker, reports } = underTest(derivedAsRebuilt)
    checker.settled?.({ nodes: [settled(tables)] })
    expect(reports).toHaveLength(1)
  })

  test('is broken by a base that has more than the documents', () => {
    const more = edit(simStock, simStock.bottom, {
      units: (counter) => escrowCounter.receive(counter, bob, 1),
    })
    const bytes = simStock.encode(more)
    const folded = { op: 'folded', kind: simStock.kind, id: 'tea', bytes } as const
    expect(reportsOf(folded)).toHaveLength(1)
  })
})

describe('documents follow', () => {
  const id = productIdOf('LAMP')
  const setOf = (...elements: readonly string[]) =>
    elements.reduce(
      (document, element) =>
        product.join(
          document,
          edit(product, document, { tags: (tags) => orSet.add(tags, alice, element) }),
        ),
      product.bottom,
    )
  const both = setOf('red', 'blue')
  const red = setOf('red')
  const removal = edit(product, red, { tags: (tags) => orSet.remove(tags, 'red') })

  /** What is reported of a document with these bytes, made by two changes: one adds red, one removes it. */
  const reportsOf = (found: typeof red, isForgotten = false) => {
    const { checker, chronicle, reports } = underTest(documentsFollow)
    const deltaOf = (delta: typeof red) => ({
      change: { deltas: [{ kind: product.kind, id, bytes: product.encode(delta) }] },
    })
    make(chronicle, first, deltaOf(red))
    const { known } = make(chronicle, second, deltaOf(removal))
    if (isForgotten) chronicle.forget(known)
    const tables = emptyTables()
    const bytes = product.encode(found)
    const hash = new Uint8Array(32)
    apply(tables, { op: 'document', number: 1, kind: product.kind, id, bytes, hash })
    apply(tables, { op: 'head', replica: alice, counter: isForgotten ? 1 : 2, hash })
    checker.settled?.({ nodes: [settled(tables)] })
    return reports
  }

  test('holds for what was added and not removed', () => {
    expect(reportsOf(product.join(red, removal))).toEqual([])
  })

  test('is broken by a removed element that is back', () => {
    expect(reportsOf(red)).toHaveLength(1)
  })

  test('is broken by an element that nobody added', () => {
    expect(reportsOf(product.join(both, removal))).toHaveLength(1)
  })

  test('lets the effect of a lost change stay where its document was read before', () => {
    expect(reportsOf(red, true)).toEqual([])
    expect(reportsOf(product.join(red, removal), true)).toEqual([])
  })
})

describe('intents once', () => {
  const variantId = variantIdOf(productIdOf('TEA'), 'TEA')
  const id = 'c'.repeat(26) as CartId

  const doneBy = (
    chronicle: ReturnType<typeof underTest>['chronicle'],
    dot: typeof first,
    intent: object,
    causes: Readonly<Record<string, number>> = {},
  ) => ({
    known: make(chronicle, dot, { causes }).known,
    index: 0,
    intent: { id: 'i', variantId, ...intent } as never,
  })

  test('adds what was added, and once what was done in two regions', () => {
    const { chronicle } = underTest(() => ({}))
    const add = { type: 'add', quantity: 2 }
    const done = [
      doneBy(chronicle, first, add),
      doneBy(chronicle, bobs, add),
      doneBy(chronicle, second, { ...add, id: 'j', quantity: 3 }),
    ]
    expect(model(done)).toEqual({ [variantId]: 5 })
  })

  test('takes away what a removal had seen, and nothing else', () => {
    const { chronicle } = underTest(() => ({}))
    const done = [
      doneBy(chronicle, first, { type: 'add', quantity: 2 }),
      doneBy(chronicle, bobs, { id: 'j', type: 'add', quantity: 3 }),
      doneBy(
        chronicle,
        { replica: carol, counter: 1 },
        { id: 'k', type: 'remove' },
        { [alice]: 1 },
      ),
    ]
    expect(model(done)).toEqual({ [variantId]: 3 })
  })

  test('is broken by a cart that holds something else', () => {
    const add = { id: 'i', type: 'add', variantId, quantity: 2 } as const
    const book: IntentBook = new Map([[`intent/${id}/i`, { cart: id, intent: add }]])
    const { checker, chronicle, reports } = underTest(intentsOnce(book))
    make(chronicle, first, { change: { requests: [`intent/${id}/i`] } })
    const tables = emptyTables()
    apply(tables, { op: 'head', ...first, hash: new Uint8Array(32) })
    checker.settled?.({ nodes: [settled(tables)] })
    expect(reports).toHaveLength(1)
    expect(tables.documents.has(keyOf('cart', id))).toBe(false)
  })
})
