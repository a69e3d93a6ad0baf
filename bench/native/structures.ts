/** Native: the C++ structures beside what one would use instead, each contestant in a process of its own. */

import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Benchmark, Row } from '../benchmark.ts'
import { loadMemory } from '../../native/load.ts'
import { interleaved, median } from '../measure.ts'

/** Debian's packages of the peers; without them their rows are left out, and a note says so. */
const peerPackages = 'libconcurrentqueue-dev, libboost-dev and libtbb-dev'

interface Comparison {
  readonly what: string
  readonly ours: string
  readonly peer: string
  readonly peerName: string
  readonly atLeast?: number
}

const comparisons: readonly Comparison[] = [
  ...[8, 240].flatMap((bytes): Comparison[] => [
    {
      what: `queue, ${bytes} bytes, 2 and 2 threads`,
      ours: `ring-${bytes}`,
      peer: `mutex-deque-${bytes}`,
      peerName: 'mutex + deque',
      atLeast: 3,
    },
    {
      what: `queue, ${bytes} bytes, 2 and 2 threads`,
      ours: `ring-${bytes}`,
      peer: `moodycamel-${bytes}`,
      peerName: 'moodycamel, tokens',
      atLeast: 0.9,
    },
    {
      what: `Michael & Scott, ${bytes} bytes`,
      ours: `ms-${bytes}`,
      peer: `mutex-deque-${bytes}`,
      peerName: 'mutex + deque',
    },
  ]),
  { what: 'Michael & Scott, 8 bytes', ours: 'ms-8', peer: 'boost-8', peerName: 'boost, fixed' },
  {
    what: 'map, 95 % reads, Zipf, 2 threads',
    ours: 'map',
    peer: 'mutex-map',
    peerName: 'mutex + unordered_map',
    atLeast: 6,
  },
  {
    what: 'map, 95 % reads, Zipf, 2 threads',
    ours: 'map',
    peer: 'tbb-map',
    peerName: 'tbb::concurrent_hash_map',
    atLeast: 1.5,
  },
  {
    what: 'gate, one hot product, 2 threads',
    ours: 'gate',
    peer: 'mutex-gate',
    peerName: 'mutex',
    atLeast: 2.5,
  },
  {
    what: 'block freed by another thread',
    ours: 'pool',
    peer: 'malloc',
    peerName: 'glibc malloc',
    atLeast: 20,
  },
]

export const structuresBenchmark: Benchmark = {
  name: 'native',
  about: 'the lock-free structures beside a mutex and the best of their kind, in C++',
  run: async ({ stage, runs, isQuick, note }) => {
    const program = stage.path('structures')
    const problem = build(program)
    if (problem !== undefined) {
      note(`native: nothing was measured, because it could not be built: ${problem}`)
      return []
    }
    const known = new Set(execFileSync(program, ['list'], { encoding: 'utf8' }).trim().split('\n'))
    const missing = comparisons.filter(({ peer }) => !known.has(peer))
    if (missing.length > 0) {
      const names = missing.map(({ peerName }) => peerName).join(', ')
      note(`native: ${names} not installed (on Debian ${peerPackages})`)
    }
    const figures = await interleaved(
      isQuick ? 1 : Math.max(runs, 5),
      Object.fromEntries(
        [...known].map((name) => [name, () => measure(program, name, isQuick ? 0.02 : 1)]),
      ),
    )
    const fromJavaScript = readFromJavaScript(isQuick ? 20_000 : 500_000)
    if (fromJavaScript === undefined) note('native: the module was not built')
    const rows = comparisons
      .filter(({ peer }) => known.has(peer))
      .map(({ what, ours, peer, peerName, atLeast }): Row => ({
        what,
        unit: '/s',
        ours: figures[ours]?.perSecond ?? 0,
        reference: { name: peerName, value: figures[peer]?.perSecond ?? 0 },
        ...(atLeast !== undefined && {
          target: { of: 'ratio', is: 'at least', bound: atLeast },
        }),
      }))
    return fromJavaScript ? [...rows, fromJavaScript] : rows
  },
}

/** Reads of 400 bytes into a buffer that the caller keeps, in processor time; undefined without the module. */
const readFromJavaScript = (reads: number): Row | undefined => {
  const { memory, missing } = loadMemory()
  if (missing !== undefined) return undefined
  const map = memory.maps.create({ expected: 1_000 })
  const keys = Array.from(
    { length: 1_000 },
    (_, key) => new Uint8Array(Buffer.from(`product/${key}`)),
  )
  const value = new Uint8Array(400).fill(7)
  for (const key of keys) map.set(key, value)
  const target = new Uint8Array(400)
  const round = (): number => {
    const before = process.cpuUsage()
    for (let read = 0; read < reads; read++) map.get(keys[read % keys.length] ?? value, target)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / reads
  }
  // The first is for the compiler.
  const rounds = Array.from({ length: 8 }, round).slice(1)
  map.close()
  return {
    what: 'map get of 400 bytes, from JavaScript',
    unit: 'µs',
    ours: median(rounds),
    target: { of: 'ours', is: 'at most', bound: 0.2 },
  }
}

/** Why it could not be built; undefined if it was. */
const build = (program: string): string | undefined => {
  const source = join(import.meta.dirname, 'structures.cpp')
  const args = ['-std=c++20', '-O2', '-pthread', source, '-o', program]
  // With oneTBB's library if it is there: its headers without it do not link.
  for (const libraries of [['-ltbb'], []]) {
    const { status, stderr, error } = spawnSync(
      process.env['CXX'] ?? 'c++',
      [...args, ...libraries],
      {
        encoding: 'utf8',
      },
    )
    if (status === 0) return undefined
    if (error) return error.message
    if (libraries.length === 0) return stderr.split('\n')[0]
  }
  return undefined
}

const measure = (program: string, name: string, size: number) => {
  const told = execFileSync(program, [name, String(size)], { encoding: 'utf8', timeout: 120_000 })
  return Promise.resolve({ perSecond: Number(told) * 1e6 })
}
