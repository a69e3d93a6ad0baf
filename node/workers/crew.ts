/**
 * The crew is the workers of a node, seen from the core's thread: threads that listen on one port, answer
 * what they can, and bring the rest to the desk.
 *
 * A worker that ends by itself is replaced. Its connections break, and what it had asked of the core is
 * done or not done: its clients send it again under the same idempotency key. The others notice nothing.
 */

import { Worker, type WorkerOptions } from 'node:worker_threads'
import type { Memory } from '../../native/memory.ts'
import type { Pipeline } from '../core/pipeline.ts'
import type { Timers } from '../../sync/surroundings.ts'
import {
  createInnerServer,
  findPort,
  type Answering,
  type App,
  type Server,
} from '../http/server.ts'
import { drainDeadlineMs } from '../http/limits.ts'
import { logLevels, type Log } from '../log.ts'
import type { Figures, Metrics } from '../metrics.ts'
import { createByteLine } from './byte-line.ts'
import { createChannel, openReceiver, openSender, type Sender } from './channel.ts'
import { createDesk } from './desk.ts'
import type { Freshness } from './freshness.ts'
import {
  itemBytesMax,
  keptProducts,
  queueItems,
  restartDelayMs,
  scrapeMsMax,
  stopGraceMs,
  workerOldHeapMB,
  workerYoungHeapMB,
} from './limits.ts'
import type { FromWorker, ToWorkerThread, WorkerStart } from './worker-start.ts'

export interface CrewOptions extends Pick<
  WorkerStart,
  'node' | 'host' | 'databaseFile' | 'clusterSecret' | 'corsOrigins' | 'logLevel'
> {
  readonly count: number
  readonly port: number
}

export interface CrewDeps {
  readonly memory: Memory
  readonly freshness: Freshness
  readonly log: Log
  readonly metrics: Pick<Metrics, 'event' | 'addFigures'>
  readonly timers: Timers
  readonly soon: (work: () => void) => void
  readonly monotonic: () => number
  readonly pipeline: Pick<Pipeline, 'submitNamed'>
  readonly app: App
  /** Takes the connections that workers pass on as they are. */
  readonly answering: Answering
  /** Starts a thread; of itself, unless somebody wants to know of it. */
  readonly startThread?: StartThread | undefined
}

export type StartThread = (program: URL, options: WorkerOptions) => Worker

interface Member {
  readonly worker: Worker
  /** Of answers. */
  readonly sender: Sender
  readonly startedMs: number
  readonly askedFigures: Map<number, (figures: Figures) => void>
  readonly ended: Promise<void>
}

/** Resolves when all listen; rejects with a message for the operator if one cannot. */
export const createCrew = async (deps: CrewDeps, options: CrewOptions): Promise<Server> => {
  const { memory, log, metrics, timers, soon, monotonic } = deps
  const { startThread = (program, given) => new Worker(program, given) } = deps
  const { count, port: wanted, ...told } = options
  const port = await findPort({ host: options.host, port: wanted })
  const products = memory.maps.create({ expected: keptProducts })
  const inner = createInnerServer(deps.answering)
  const members = new Map<number, Member>()
  let lastWorker = 0
  let lastAsk = 0
  let isClosing = false

  const desk = createDesk({
    ...deps,
    send: (to, bytes) => {
      const member = members.get(to)
      if (!member) return
      const isSent = bytes.length <= itemBytesMax && member.sender.send(bytes)
      // An answer must not be lost because there are many of them.
      if (!isSent) tell(member.worker, { kind: 'item', bytes })
    },
  })
  const channel = createChannel(memory, queueItems)
  const receiver = openReceiver(memory, channel.ids, { received: desk, soon })

  const start = (): Promise<void> => {
    const number = ++lastWorker
    // Held here, so that it is there however early or late the worker ends.
    const answers = createChannel(memory, queueItems)
    const sender = openSender(memory, answers.ids)
    const worker = startThread(new URL('../worker-main.ts', import.meta.url), {
      name: `atoll-http-${number}`,
      execArgv: [],
      resourceLimits: {
        maxOldGenerationSizeMb: workerOldHeapMB,
        maxYoungGenerationSizeMb: workerYoungHeapMB,
      },
      workerData: {
        ...told,
        worker: number,
        port,
        freshness: deps.freshness.buffer,
        products: products.id,
        core: channel.ids,
        answers: answers.ids,
      } satisfies WorkerStart,
    })
    const ended = new Promise<void>((resolve) => {
      worker.once('exit', () => resolve())
    })
    const startedMs = monotonic()
    const member: Member = { worker, sender, startedMs, askedFigures: new Map(), ended }
    members.set(number, member)
    worker.on('error', (error) => log.error({ err: error, worker: number }, 'a worker failed'))
    worker.once('exit', () => {
      members.delete(number)
      sender.close()
      answers.close()
      for (const give of member.askedFigures.values()) give([])
    })
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'listening') resolve()
        else if (message.kind === 'failed') reject(new Error(message.message))
        else take(member, message)
      })
      void ended.then(() => reject(new Error('A worker ended before it listened')))
    })
  }

  const take = (
    member: Member,
    message: Exclude<FromWorker, { readonly kind: 'listening' | 'failed' }>,
  ): void => {
    switch (message.kind) {
      case 'item':
        return desk(Buffer.from(message.bytes))
      case 'line':
        return inner.accept(createByteLine(message.port, message.remoteAddress))
      case 'figures':
        return member.askedFigures.get(message.ask)?.(message.figures)
      case 'log':
        return logLine(log, message.line)
    }
  }

  /** Keeps a worker at work until the node closes. */
  const replaceWhenEnded = (member: Member): void => {
    member.worker.once('exit', () => {
      if (isClosing) return
      metrics.event('worker_replaced')
      log.error({}, 'a worker ended, and is replaced')
      // One that cannot even start is not tried in a loop.
      const isShort = monotonic() - member.startedMs < restartDelayMs
      timers.after(isShort ? restartDelayMs : 0, replace)
    })
  }
  const replace = (): void => {
    if (isClosing) return
    start().catch((error: unknown) => log.error({ err: error }, 'a worker could not start'))
    const member = members.get(lastWorker)
    if (member) replaceWhenEnded(member)
  }

  metrics.addFigures(() =>
    Promise.all(
      [...members.values()].map(
        (member) =>
          new Promise<Figures>((resolve) => {
            const ask = ++lastAsk
            const give = (figures: Figures): void => {
              member.askedFigures.delete(ask)
              forget()
              resolve(figures)
            }
            // One that is busy is left out, and counted the next time.
            const forget = timers.after(scrapeMsMax, () => give([]))
            member.askedFigures.set(ask, give)
            tell(member.worker, { kind: 'figures', ask })
          }),
      ),
    ),
  )

  const close = async (): Promise<void> => {
    isClosing = true
    const all = [...members.values()]
    for (const { worker } of all) tell(worker, { kind: 'close' })
    const late = timers.after(drainDeadlineMs + stopGraceMs, () => {
      for (const { worker } of all) void worker.terminate()
    })
    await Promise.all(all.map(({ ended }) => ended))
    late()
    await inner.close()
    receiver.close()
    channel.close()
    products.close()
  }

  try {
    await Promise.all(Array.from({ length: count }, start))
  } catch (error) {
    await close()
    throw error
  }
  for (const member of members.values()) replaceWhenEnded(member)
  const hostInUrl = options.host.includes(':') ? `[${options.host}]` : options.host
  return { port, url: `http://${hostInUrl}:${port}`, close }
}

const tell = (worker: Worker, message: ToWorkerThread): void => worker.postMessage(message, [])

/** Writes a line that a worker logged as one of the node's. */
const logLine = (log: Log, line: string): void => {
  const {
    level,
    message,
    time: _time,
    node: _node,
    ...details
  } = JSON.parse(line) as {
    readonly [name: string]: unknown
  }
  const known = logLevels.find((one) => one === level) ?? 'info'
  log[known](details, String(message))
}
