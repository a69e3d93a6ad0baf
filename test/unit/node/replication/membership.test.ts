import { describe, expect, test } from 'vitest'
import {
  declareGone,
  isFenced,
  node,
  readmit,
  standingOf,
} from '../../../../node/replication/membership.ts'
import { createTestNode, meet, part } from './cluster.ts'

const begun = async () => {
  const eu = createTestNode('eu')
  const us = createTestNode('us', { time: eu.time })
  for (const one of [eu, us]) await one.replication.begin()
  meet(eu, us)
  return { eu, us }
}

describe('a node that is declared gone', () => {
  test('is fenced wherever that is known, and learns it when it returns', async () => {
    const { eu, us } = await begun()
    part(eu, us)
    const input = { self: 'eu', name: 'us', reason: 'burned' }
    expect(eu.run(declareGone, input)).toEqual({ name: 'us', standing: 'gone' })
    expect(isFenced(eu.core, 'us')).toBe(true)
    expect(isFenced(eu.core, 'eu')).toBe(false)
    expect(isFenced(us.core, 'us')).toBe(false)
    expect(us.replication.standing()).toEqual({ status: 'ok' })

    meet(eu, us)
    expect(isFenced(us.core, 'us')).toBe(true)
    expect(us.replication.standing()).toMatchObject({
      status: 'degraded',
      detail: expect.stringContaining('until an admin readmits it'),
    })
    expect(us.logged).toContainEqual(expect.objectContaining({ level: 'warn', reason: 'burned' }))
    expect(eu.replication.queries.list()).toMatchObject([
      { name: 'eu', standing: 'active' },
      { name: 'us', standing: 'gone', reason: 'burned', replicaCount: 1 },
    ])
  })

  test('may do again what any node may once it is readmitted', async () => {
    const { eu, us } = await begun()
    eu.run(declareGone, { self: 'eu', name: 'us', reason: 'burned' })
    meet(eu, us)
    eu.run(readmit, { self: 'eu', name: 'us', reason: 'it was smoke only' })
    expect(isFenced(us.core, 'us')).toBe(true)
    meet(eu, us)
    expect(isFenced(us.core, 'us')).toBe(false)
    expect(us.replication.standing()).toEqual({ status: 'ok' })
    expect(us.logged.at(-1)).toMatchObject({ level: 'info' })
  })

  test('stays gone while one admin says so and another does not', async () => {
    const { eu, us } = await begun()
    eu.run(declareGone, { self: 'eu', name: 'us', reason: 'burned' })
    meet(eu, us)
    us.run(readmit, { self: 'us', name: 'us', reason: 'I am here' })
    eu.run(declareGone, { self: 'eu', name: 'us', reason: 'still burning' })
    meet(eu, us)
    for (const one of [eu, us]) {
      expect(one.core.read(node, 'us').store.standing.size).toBe(2)
      expect(standingOf(one.core.read(node, 'us'))).toBe('gone')
    }
    us.run(readmit, { self: 'us', name: 'us', reason: 'settled' })
    meet(eu, us)
    expect(isFenced(eu.core, 'us')).toBe(false)
  })

  test('is known to be gone after a restart', async () => {
    const { eu, us } = await begun()
    eu.run(declareGone, { self: 'eu', name: 'us', reason: 'burned' })
    meet(eu, us)
    const again = createTestNode('us', { wrap: () => us.store })
    await again.replication.begin()
    expect(again.replication.standing()).toMatchObject({ status: 'degraded' })
    expect(again.logged).toContainEqual(expect.objectContaining({ level: 'warn' }))
  })
})

test('a node does not declare itself gone', async () => {
  const { eu } = await begun()
  expect(eu.run(declareGone, { self: 'eu', name: 'eu', reason: 'tired' })).toEqual({
    refused: 'node_is_this_one',
  })
})

test('a node is known by its replicas, the latest first', async () => {
  const { eu, us } = await begun()
  await eu.time.advance(1_000)
  const later = createTestNode('us', { time: eu.time })
  await later.replication.begin()
  meet(eu, later)
  const { queries } = eu.replication
  expect(queries.replicasOf('us').map(({ replica }) => replica)).toEqual([
    later.core.replica(),
    us.core.replica(),
  ])
  expect(queries.isKnown('us')).toBe(true)
  expect(queries.isKnown('su')).toBe(false)
})
