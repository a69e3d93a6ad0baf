import { describe, expect, test } from 'vitest'
import { createCluster, lastLines } from '../../../../node/story/cluster.ts'
import { readyMsMax, stopMsMax } from '../../../../node/story/limits.ts'
import { forRegions } from '../../../../node/story/regions.ts'
import { answering, createProcesses, createReader, type PretendProcesses } from './reader.ts'

const options = {
  ports: { eu: 1, us: 2, ap: 3 },
  gatewayPort: 4,
  directory: {
    path: 'demo',
    dataDirs: forRegions((region) => `demo/${region}`),
    logFiles: forRegions((region) => `demo/${region}.log`),
    gatewayLogFile: 'demo/gateway.log',
    scratch: 'demo/scratch',
    close: () => undefined,
  },
  clusterKey: 'a key',
  gatewaySecret: 'a secret',
  admin: { email: 'admin@atoll.example', password: 'a password' },
}

const clusterOf = (processes: PretendProcesses, fetch = answering(() => ({ json: {} }))) => {
  const env = { PATH: '/bin', ATOLL_POSTGRES_URL: 'postgres://elsewhere' }
  const reader = createReader({ processes, fetch, env })
  return { reader, cluster: createCluster(reader.deps, options) }
}

const nodesOf = ({ all }: PretendProcesses) =>
  all.filter(({ started }) => started.args[0] === 'node')

describe('a cluster', () => {
  test('is three nodes, each of which knows the other two', () => {
    const processes = createProcesses()
    clusterOf(processes)
    expect(nodesOf(processes).map(({ started }) => started.args.slice(1))).toEqual([
      expect.arrayContaining([
        '--name=eu',
        '--port=1',
        '--peers=ws://127.0.0.1:2,ws://127.0.0.1:3',
      ]),
      expect.arrayContaining([
        '--name=us',
        '--port=2',
        '--peers=ws://127.0.0.1:1,ws://127.0.0.1:3',
      ]),
      expect.arrayContaining([
        '--name=ap',
        '--port=3',
        '--peers=ws://127.0.0.1:1,ws://127.0.0.1:2',
      ]),
    ])
  })

  test('has one gateway, which all nodes pay through, and which tells all of them', () => {
    const processes = createProcesses()
    const { cluster } = clusterOf(processes)
    const gateways = processes.all.filter(({ started }) => started.args[0] === 'gateway')
    expect(gateways.map(({ started }) => started.args)).toEqual([
      [
        'gateway',
        '--host=127.0.0.1',
        '--port=4',
        '--webhook=http://127.0.0.1:1/api/v1/webhooks/payments/sandbox',
        '--webhook=http://127.0.0.1:2/api/v1/webhooks/payments/sandbox',
        '--webhook=http://127.0.0.1:3/api/v1/webhooks/payments/sandbox',
      ],
    ])
    expect(cluster.gatewayUrl).toBe('http://127.0.0.1:4')
    for (const { started } of nodesOf(processes)) {
      expect(started.args).toContain('--payments=http://127.0.0.1:4')
    }
  })

  test('has one merged store, which eu keeps', () => {
    const processes = createProcesses()
    clusterOf(processes)
    const keepers = nodesOf(processes).filter(({ started }) =>
      started.args.includes('--postgres-url=embedded'),
    )
    expect(keepers.map(({ started }) => started.args[1])).toEqual(['--name=eu'])
  })

  test('gets its secrets where nobody can read them, and nothing that was set for another node', () => {
    const processes = createProcesses()
    clusterOf(processes)
    for (const { started } of processes.all) {
      expect(started.args.join(' ')).not.toMatch(/a key|a password|a secret/)
    }
    const [gateway] = processes.all.filter(({ started }) => started.args[0] === 'gateway')
    expect(gateway?.started.env).toEqual({ PATH: '/bin', ATOLL_GATEWAY_SECRET: 'a secret' })
    for (const { started } of nodesOf(processes)) {
      expect(started.env).toEqual({
        PATH: '/bin',
        ATOLL_CLUSTER_KEY: 'a key',
        ATOLL_GATEWAY_SECRET: 'a secret',
        ATOLL_ADMIN_EMAIL: 'admin@atoll.example',
        ATOLL_ADMIN_PASSWORD: 'a password',
      })
    }
  })

  test('says that a node never got ready', async () => {
    const { cluster, reader } = clusterOf(
      createProcesses(),
      answering(() => ({ status: 503, json: {} })),
    )
    let told = ''
    cluster.ready.us.catch((error: unknown) => (told = String(error)))
    await expect.poll(() => reader.time.advanceUntil(() => told !== '', readyMsMax)).toBe(true)
    expect(told).toContain('us is not ready after 60 s')
  })

  test('tells of a node that ends by itself, with the last it said', async () => {
    const processes = createProcesses({ log: '{"level":"fatal","message":"the disk failed"}\n' })
    const { cluster } = clusterOf(processes)
    nodesOf(processes)[1]?.end('exit code 70')
    expect(await cluster.died).toEqual({
      name: 'us',
      how: 'exit code 70',
      lines: ['fatal  the disk failed'],
    })
  })

  test('asks all of them to stop, and does not call that dying', async () => {
    const processes = createProcesses()
    const { cluster } = clusterOf(processes)
    await cluster.close()
    expect(processes.all.map(({ asked }) => asked)).toEqual(
      Array.from({ length: 4 }, () => ['stop']),
    )
    const later = Promise.resolve('nobody')
    expect(await Promise.race([cluster.died, later])).toBe('nobody')
  })

  test('ends what does not stop', async () => {
    const processes = createProcesses({ isStubborn: true })
    const { cluster, reader } = clusterOf(processes)
    const closed = cluster.close()
    await reader.time.advance(stopMsMax)
    await expect
      .poll(() => processes.all.filter(({ asked }) => asked.includes('stop')))
      .toHaveLength(4)
    await reader.time.advance(stopMsMax)
    await closed
    expect(processes.all.map(({ asked }) => asked.at(-1))).toEqual(['kill', 'kill', 'kill', 'kill'])
  })
})

describe('the end of a log', () => {
  test('is its last lines, in words, without what could move the cursor', () => {
    const cause = { type: 'Error', message: 'no space' }
    const err = { type: 'Fault', message: 'A write failed', cause }
    const log = [
      ...Array.from({ length: 30 }, (_, at) => JSON.stringify({ level: 'info', message: `${at}` })),
      JSON.stringify({ level: 'fatal', message: 'stopping', err }),
      'SyntaxError: \u001b[31mred',
    ].join('\n')
    const lines = lastLines(log)
    expect(lines).toHaveLength(12)
    expect(lines.slice(-2)).toEqual([
      'fatal  stopping: A write failed: no space',
      'SyntaxError: ·[31mred',
    ])
  })
})
