/** Three nodes and the payment gateway that they share: each a process, started, watched, stopped in order. */

import { z } from 'zod'
import { jsonOf } from '../cli/json.ts'
import { printable } from '../cli/command.ts'
import type { DemoDirectory } from './demo-directory.ts'
import { askEveryMs, host, logLinesShown, readyMsMax, stopMsMax } from './limits.ts'
import type { NodeProcess } from './processes.ts'
import { forRegions, inRegions, regions, type ByRegion, type Region } from './regions.ts'
import { pause, type StoryDeps } from './story-deps.ts'

export interface Cluster {
  /** `http://host:port`. */
  readonly urls: ByRegion<string>
  /** Where the gateway is that the nodes share. */
  readonly gatewayUrl: string
  /** Resolves if a process ends that nobody asked to. */
  readonly died: Promise<DeadNode>
  /** Resolves when the node takes requests; how long that took since it was started. */
  readonly ready: ByRegion<Promise<number>>
  /** Lets every node finish what it has begun, and ends it. */
  close(): Promise<void>
}

export interface DeadNode {
  readonly name: Region | 'gateway'
  readonly how: string
  /** The last of its log. */
  readonly lines: readonly string[]
}

export interface ClusterOptions {
  readonly ports: ByRegion<number>
  readonly gatewayPort: number
  readonly directory: DemoDirectory
  readonly clusterKey: string
  /** What the gateway signs its webhooks with. */
  readonly gatewaySecret: string
  readonly admin: Admin
}

export interface Admin {
  readonly email: string
  readonly password: string
}

export const createCluster = (deps: StoryDeps, options: ClusterOptions): Cluster => {
  const urls = forRegions((region) => `http://${host}:${options.ports[region]}`)
  const gatewayUrl = `http://${host}:${options.gatewayPort}`
  const startMs = deps.clock.monotonic()
  const gateway = startGateway(deps, options, urls)
  const nodes = forRegions((region) => startNode(deps, options, region))
  let isClosing = false

  const { promise: died, resolve: reportDeath } = Promise.withResolvers<DeadNode>()
  const watch = async (name: DeadNode['name'], process: NodeProcess): Promise<void> => {
    const how = await process.ended
    if (!isClosing) reportDeath({ name, how, lines: lastLines(await process.readLog()) })
  }
  for (const region of regions) void watch(region, nodes[region])
  void watch('gateway', gateway)

  const waitUntilReady = async (region: Region): Promise<number> => {
    const elapsedMs = () => deps.clock.monotonic() - startMs
    while (!(await isReady(deps, urls[region]))) {
      if (elapsedMs() > readyMsMax) {
        throw new Error(`${region} is not ready after ${readyMsMax / 1000} s`)
      }
      await pause(deps, askEveryMs)
    }
    return elapsedMs()
  }
  const ready = forRegions(waitUntilReady)
  // Whoever waits for it is told; a story that ends before has nobody waiting.
  for (const region of regions) ready[region].catch(() => undefined)

  return {
    urls,
    gatewayUrl,
    died,
    ready,
    close: async () => {
      isClosing = true
      await inRegions((region) => stopProcess(deps, nodes[region]))
      // Last, so that what the nodes finish can still be paid.
      await stopProcess(deps, gateway)
    },
  }
}

// One for all, as a bank is: an order that was begun in one region is paid for in another by the same books.
const startGateway = (
  { processes, env }: StoryDeps,
  { gatewayPort, gatewaySecret, directory }: ClusterOptions,
  urls: ByRegion<string>,
): NodeProcess =>
  processes.start({
    args: [
      'gateway',
      `--host=${host}`,
      `--port=${gatewayPort}`,
      ...regions.map((region) => `--webhook=${urls[region]}/api/v1/webhooks/payments/sandbox`),
    ],
    env: { ...withoutSettings(env), ATOLL_GATEWAY_SECRET: gatewaySecret },
    logFile: directory.gatewayLogFile,
  })

const startNode = (
  { processes, env }: StoryDeps,
  { ports, gatewayPort, gatewaySecret, directory, clusterKey, admin }: ClusterOptions,
  region: Region,
): NodeProcess => {
  const peers = regions
    .filter((other) => other !== region)
    .map((other) => `ws://${host}:${ports[other]}`)
  return processes.start({
    args: [
      'node',
      `--name=${region}`,
      `--host=${host}`,
      `--port=${ports[region]}`,
      `--data=${directory.dataDirs[region]}`,
      `--peers=${peers.join(',')}`,
      `--payments=http://${host}:${gatewayPort}`,
      ...(region === mergedStoreAt ? ['--postgres-url=embedded'] : []),
    ],
    env: {
      ...withoutSettings(env),
      // Not as flags, which everyone on the machine can read.
      ATOLL_CLUSTER_KEY: clusterKey,
      ATOLL_GATEWAY_SECRET: gatewaySecret,
      ATOLL_ADMIN_EMAIL: admin.email,
      ATOLL_ADMIN_PASSWORD: admin.password,
    },
    logFile: directory.logFiles[region],
  })
}

/** One node keeps the merged store for all: it is sent the changes of every region. */
const mergedStoreAt: Region = 'eu'

// What is set for a node of the operator's own must not turn the story's into something else.
const withoutSettings = (env: StoryDeps['env']): StoryDeps['env'] =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('ATOLL_')))

const isReady = async ({ fetch, signal }: StoryDeps, url: string): Promise<boolean> => {
  try {
    const response = await fetch(`${url}/ready`, { signal })
    await response.text()
    return response.status === 200
  } catch {
    signal.throwIfAborted()
    return false
  }
}

const stopProcess = async ({ timers }: StoryDeps, node: NodeProcess): Promise<void> => {
  node.stop()
  const cancel = timers.after(stopMsMax, node.kill)
  await node.ended
  cancel()
}

/** The end of a node's log in words: its lines are JSON objects, or whatever the runtime wrote. */
export const lastLines = (log: string): readonly string[] =>
  log
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-logLinesShown)
    .map((line) => printable(plainLine(line)))

const plainLine = (line: string): string => {
  const entry = LogEntry.safeParse(jsonOf(line))
  if (!entry.success) return line
  const { level, message, err } = entry.data
  return [`${level}  ${message}`, err?.message, err?.cause?.message].filter(Boolean).join(': ')
}

const LogError = z.object({ message: z.string() })
const LogEntry = z.object({
  level: z.string(),
  message: z.string(),
  err: LogError.extend({ cause: LogError.optional() }).optional(),
})
