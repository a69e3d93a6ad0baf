/** Questions between nodes: answered, declined, late or lost, and never more than that. */

import { afterEach, describe, expect, test } from 'vitest'
import * as limits from '../../../sync/limits.ts'
import type { AnsweringByTopic } from '../../../sync/questions.ts'
import { createCluster, type Cluster, type ClusterOptions } from './cluster.ts'

const clusters: Cluster[] = []
afterEach(() => {
  for (const cluster of clusters.splice(0)) cluster.close()
})

const createTest = async (
  answering: AnsweringByTopic,
  options: Omit<ClusterOptions, 'answering'> = {},
) => {
  const cluster = createCluster(2, { ...options, answering: () => answering })
  clusters.push(cluster)
  await cluster.time.advance(3_000)
  const { mesh } = cluster.node('alice')
  /** Asks bob and lets `ms` pass; what came of it. */
  const ask = async (topic: string, body: Uint8Array, ms = 1_000) => {
    const outcome = mesh.ask('bob', topic, body, 500).then(
      (answer) => [...answer],
      (error: unknown) => (error as { code: string }).code,
    )
    await cluster.time.advance(ms)
    return outcome
  }
  return { cluster, mesh, ask }
}

const one = Uint8Array.of(1)

describe('a question', () => {
  test('is answered by who has its topic, and told who asks', async () => {
    const asked: string[] = []
    const { ask, mesh } = await createTest(
      new Map([
        [
          'double',
          (question, { name }) => {
            asked.push(name)
            return Promise.resolve(question.map((byte) => byte * 2))
          },
        ],
      ]),
    )
    expect(mesh.askable().map(({ name }) => name)).toEqual(['bob'])
    expect(await ask('double', Uint8Array.of(3, 4))).toEqual([6, 8])
    expect(await ask('double', new Uint8Array(limits.questionBytesMax))).toHaveLength(
      limits.questionBytesMax,
    )
    expect(asked).toEqual(['alice', 'alice'])
  })

  test.each<readonly [string, AnsweringByTopic]>([
    ['no topic of its own', new Map()],
    ['an answerer that throws', new Map([['rights', () => Promise.reject(new Error('no'))]])],
    [
      'an answer that is too long',
      new Map([['rights', () => Promise.resolve(new Uint8Array(limits.questionBytesMax + 1))]]),
    ],
  ])('is declined by %s', async (_what, answering) => {
    const { ask } = await createTest(answering)
    expect(await ask('rights', one)).toBe('declined')
  })

  test('that nobody answers in time is late, and an answer after that is of no account', async () => {
    const answers: ((answer: Uint8Array) => void)[] = []
    const { ask, cluster } = await createTest(
      new Map([['rights', () => new Promise((resolve) => answers.push(resolve))]]),
    )
    expect(await ask('rights', one)).toBe('late')
    answers[0]?.(one)
    await cluster.time.advance(1_000)
    expect(cluster.node('alice').mesh.askable()).toHaveLength(1)
  })

  test('is lost with its session', async () => {
    const { ask, cluster } = await createTest(
      new Map([['rights', () => new Promise<Uint8Array>(() => undefined)]]),
    )
    const outcome = ask('rights', one, 100)
    cluster.network.sever('alice', 'bob')
    expect(await outcome).toBe('lost')
  })

  test('to who is out of reach, or too old to be asked, is refused at once', async () => {
    const { mesh } = await createTest(new Map())
    await expect(mesh.ask('nobody', 'rights', one, 100)).rejects.toMatchObject({
      code: 'unreachable',
    })
    const { ask } = await createTest(new Map(), { versionMax: () => 1 })
    expect(await ask('rights', one, 0)).toBe('unreachable')
  })

  test('is refused while too many wait', async () => {
    const { mesh, ask } = await createTest(
      new Map([['rights', () => new Promise<Uint8Array>(() => undefined)]]),
    )
    const waiting = Array.from({ length: limits.questionsMax }, () =>
      mesh.ask('bob', 'rights', one, 500).catch((error: { code: string }) => error.code),
    )
    expect(await ask('rights', one)).toBe('unreachable')
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['late']))
  })
})
