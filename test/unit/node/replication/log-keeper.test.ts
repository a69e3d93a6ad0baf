import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dayMs, foldEveryMs, foldFirstMs } from '../../../../node/replication/limits.ts'
import { declareGone, readmit } from '../../../../node/replication/membership.ts'
import { temporaryDirectory } from '../core/test-core.ts'
import { createTestNode, meet, part, type TestNode } from './cluster.ts'

/** Something for the log: each is a change. */
const write = (node: TestNode, count: number): void => {
  for (let at = 0; at < count; at++) {
    node.run(readmit, { self: node.name, name: 'ap', reason: `${at}` })
  }
}

const alone = async (options: Parameters<typeof createTestNode>[1] = {}) => {
  const node = createTestNode('eu', options)
  await node.replication.begin()
  return node
}

describe('the log of a node', () => {
  test('loses what is older than the retention, and nothing that is not', async () => {
    const eu = await alone()
    // A node that was only ever spoken of keeps nothing, once it is gone.
    write(eu, 5)
    eu.run(declareGone, { self: 'eu', name: 'ap', reason: 'never came' })
    expect(eu.changesInLog()).toBe(7)
    await eu.time.advance(20 * dayMs)
    eu.run(declareGone, { self: 'eu', name: 'ap', reason: 'never will' })
    await eu.time.advance(9 * dayMs)
    expect(eu.changesInLog()).toBe(8)
    await eu.time.advance(2 * dayMs)
    expect(eu.changesInLog()).toBe(1)
    const { text } = await eu.metrics.scrape()
    expect(text).toContain('atoll_folded_changes_total 7')
    expect(text).toContain('atoll_log_changes 1')
    expect(text).toMatch(/atoll_floor_age_seconds 26[78]\d{4}/)
  })

  test('waits for the busy and for those who catch up', async () => {
    const eu = await alone()
    eu.setPeerState('reconciling')
    await eu.time.advance(40 * dayMs)
    expect(eu.changesInLog()).toBe(1)
    eu.setPeerState('live')
    await eu.time.advance(foldEveryMs)
    expect(eu.changesInLog()).toBe(0)
  })

  test('is looked at soon after the start, and no more after the end', async () => {
    const file = join(temporaryDirectory(), 'atoll.db')
    const first = await alone({ file })
    await first.time.advance(31 * dayMs)
    first.replication.close()
    const { time } = first
    first.store.close()
    const again = createTestNode('eu', { file, time })
    await time.advance(foldFirstMs - 1)
    expect(again.changesInLog()).toBe(0)
    again.replication.close()
    await time.advance(40 * dayMs)
  })
})

describe('among others a node', () => {
  const pair = async () => {
    const eu = createTestNode('eu')
    const us = createTestNode('us', { time: eu.time })
    for (const one of [eu, us]) await one.replication.begin()
    meet(eu, us)
    return { eu, us }
  }

  test('keeps what a node lacks that it heard of lately, and folds it when that has it', async () => {
    const { eu, us } = await pair()
    // Its word of a third node makes no third node wait for anything: that was never heard of.
    eu.run(declareGone, { self: 'eu', name: 'ap', reason: 'never came' })
    await eu.time.advance(31 * dayMs)
    expect(eu.changesInLog()).toBe(1)
    meet(eu, us)
    await eu.time.advance(foldEveryMs)
    expect(eu.changesInLog()).toBe(0)
  })

  test('never folds what nobody else has, however long it is alone', async () => {
    const { eu, us } = await pair()
    part(eu, us)
    eu.run(declareGone, { self: 'eu', name: 'ap', reason: 'never came' })
    await eu.time.advance(100 * dayMs)
    expect(eu.changesInLog()).toBe(1)
  })

  test('folds it once the others are declared gone', async () => {
    const { eu, us } = await pair()
    part(eu, us)
    await eu.time.advance(40 * dayMs)
    eu.run(declareGone, { self: 'eu', name: 'us', reason: 'burned' })
    await eu.time.advance(31 * dayMs)
    expect(eu.changesInLog()).toBe(0)
  })

  test('remembers over a restart whom it waits for', async () => {
    const file = join(temporaryDirectory(), 'atoll.db')
    const eu = createTestNode('eu', { file })
    const { time } = eu
    const [us, ap] = [createTestNode('us', { time }), createTestNode('ap', { time })]
    for (const one of [eu, us, ap]) await one.replication.begin()
    meet(eu, us)
    meet(eu, ap)
    meet(eu, us)
    part(eu, ap)
    eu.run(readmit, { self: 'eu', name: 'us', reason: 'a change that ap lacks' })
    meet(eu, us)
    await time.advance(20 * dayMs)
    const before = eu.replication.acquaintances()
    eu.replication.close()
    eu.store.close()

    const again = createTestNode('eu', { file, time })
    await again.replication.begin()
    meet(again, us)
    expect(again.replication.acquaintances().find(({ name }) => name === 'ap')).toMatchObject({
      heardMs: before.find(({ name }) => name === 'ap')!.heardMs,
      isConnected: false,
    })
  })
})
