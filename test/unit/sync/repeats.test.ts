/** What a full mesh sends twice: a change comes from where it was made, and need not come from others. */

import { afterEach, expect, test } from 'vitest'
import { createCluster, type Cluster } from './cluster.ts'

const clusters: Cluster[] = []
afterEach(() => {
  for (const cluster of clusters.splice(0)) cluster.close()
})

/** Lets `writers` of four nodes write 1,000 changes, one every `everyMs`; how many came more than once. */
const repeatsOf = async (writers: number, everyMs: number): Promise<number> => {
  const cluster = createCluster(4)
  clusters.push(cluster)
  await cluster.time.advance(5_000)
  for (let change = 0; change < 1_000; change++) {
    cluster.nodes[change % writers]?.write(1)
    await cluster.time.advance(everyMs)
  }
  expect(await cluster.time.advanceUntil(cluster.hasConverged, 5_000)).toBe(true)
  await cluster.time.advance(5_000)
  return cluster.nodes.reduce((sum, { store }) => sum + store.repeats(), 0)
}

// 1,000 changes are taken 3,000 times. If whoever takes one sends it on at once, 6,000 more arrive in
// vain, in each of these cases.
test.each([
  ['one node writes now and then', 1, 100, 10],
  ['one node writes all the time', 1, 5, 300],
  // What a node writes is sent at once, and with it what it has just taken and may have built upon.
  ['all write all the time', 4, 5, 3_300],
])('when %s, changes hardly come in vain', async (_, writers, everyMs, most) => {
  const repeats = await repeatsOf(writers, everyMs)
  expect(repeats).toBeLessThanOrEqual(most)
})

test('in a chain, where somebody must pass changes on, none waits for a beat', async () => {
  const cluster = createCluster(4, { dials: (from, to) => to === from + 1 })
  clusters.push(cluster)
  await cluster.time.advance(5_000)
  cluster.node('alice').write(1)
  expect(await cluster.time.advanceUntil(cluster.hasConverged, 250)).toBe(true)
})
