/** A reader at a terminal: what the story has written, and a world that is otherwise pretended. */

import type { Output } from '../../../../node/cli/command.ts'
import type { NodeProcess, Processes, StartOptions } from '../../../../node/story/processes.ts'
import type { StoryDeps } from '../../../../node/story/story-deps.ts'
import { createVirtualTime, type VirtualTime } from '../../sync/virtual-time.ts'

export interface Paper extends Output {
  readonly text: () => string
}

export const createPaper = (terminal: { readonly columns?: number } = {}): Paper => {
  let text = ''
  return {
    ...(terminal.columns !== undefined && { isTTY: true, columns: terminal.columns }),
    write: (more) => (text += more),
    text: () => text,
  }
}

export interface PretendProcess extends NodeProcess {
  readonly started: StartOptions
  readonly asked: readonly ('stop' | 'kill')[]
  end(how: string): void
}

export interface PretendProcesses extends Processes {
  readonly all: readonly PretendProcess[]
}

/** Processes that end when they are asked to, or, if they are stubborn, only when they are killed. */
export const createProcesses = ({
  taken = [],
  isStubborn = false,
  log = '',
}: {
  readonly taken?: readonly number[]
  readonly isStubborn?: boolean
  readonly log?: string
} = {}): PretendProcesses => {
  const all: PretendProcess[] = []
  return {
    all,
    reserve: (ports) =>
      Promise.resolve(ports.map((port) => (taken.includes(port) ? undefined : port))),
    start: (started) => {
      const { promise: ended, resolve: end } = Promise.withResolvers<string>()
      const asked: ('stop' | 'kill')[] = []
      const one: PretendProcess = {
        started,
        asked,
        ended,
        end,
        stop: () => {
          asked.push('stop')
          if (!isStubborn) end('exit code 0')
        },
        kill: () => {
          asked.push('kill')
          end('signal SIGKILL')
        },
        readLog: () => Promise.resolve(log),
      }
      all.push(one)
      return one
    },
  }
}

export interface Reader {
  readonly deps: StoryDeps
  readonly time: VirtualTime
  readonly out: () => string
  readonly err: () => string
  interrupt(): void
}

export const createReader = (
  world: {
    readonly processes?: Processes
    readonly fetch?: typeof fetch
    readonly env?: Readonly<Record<string, string>>
    readonly directory?: string
  } = {},
): Reader => {
  const time = createVirtualTime()
  const [stdout, stderr] = [createPaper(), createPaper()]
  const interruption = new AbortController()
  return {
    time,
    out: stdout.text,
    err: stderr.text,
    interrupt: () => {
      interruption.abort(new Error('interrupted'))
    },
    deps: {
      stdout,
      stderr,
      env: world.env ?? {},
      clock: time.clock,
      timers: time.timers,
      signal: interruption.signal,
      random: (bytes) => new Uint8Array(bytes).fill(7),
      fetch: world.fetch ?? (() => Promise.reject(new Error('nothing listens there'))),
      processes: world.processes ?? createProcesses(),
      directory: world.directory ?? '.atoll/none',
    },
  }
}

/** A `fetch` that answers each request with what `answer` makes of it. */
export const answering =
  (
    answer: (method: string, path: string) => { readonly status?: number; readonly json: unknown },
  ) =>
  (input: string | URL | globalThis.Request, init?: RequestInit): Promise<Response> => {
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    const { status = 200, json } = answer(init?.method ?? 'GET', pathname)
    return Promise.resolve(Response.json(json, { status }))
  }
