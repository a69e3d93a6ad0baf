/** Nodes as an operator runs them: each a process of its own, which may be killed and started again. */

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { admin, clusterKey, type Body } from './node-under-test.ts'

const program = fileURLToPath(new URL('../../node/main.ts', import.meta.url))

export interface ProcessOptions {
  readonly name: string
  /** A port of `freePort`, so that peers find the node again after a restart. */
  readonly port: number
  readonly dataDir: string
  /** Ports of nodes that it dials. */
  readonly peers?: readonly number[]
  /** Arguments of Node, before the program. */
  readonly execArgs?: readonly string[]
  /** What stands before the whole command: `nsenter …`. */
  readonly within?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface NodeProcess {
  readonly name: string
  readonly url: string
  readonly port: number
  readonly dataDir: string
  readonly pid: number
  /** From spawning the process to its first good answer to `/ready`, in ms. */
  readonly readyMs: number
  /** Its log, and what it wrote to standard error, so far. */
  output(): string
  /** Resolves with the exit status, or the signal that ended it. */
  readonly ended: Promise<number | string | null>
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>
  /** Asks it to stop; resolves with its exit status. */
  stop(): Promise<number | string | null>
}

const children = new Set<ChildProcess>()
const directories: string[] = []

/** To be called after the tests of a file: kills what they left running, and takes its directories. */
export const cleanUpProcesses = async (): Promise<void> => {
  await Promise.all(
    [...children].map(async (child) => {
      child.kill('SIGKILL')
      await closed(child)
    }),
  )
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true })
}

const closed = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (!children.has(child)) resolve()
    else child.once('close', () => resolve())
  })

export const newDataDir = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'atoll-process-'))
  directories.push(path)
  return path
}

/** Starts a process of Node, and sees to it that it does not outlive the tests. */
const run = (args: readonly string[], { within = [], env = {} }: Partial<ProcessOptions>) => {
  const [command = '', ...rest] = [...within, process.execPath, ...args]
  const child = spawn(command, rest, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  const lines: string[] = []
  const ended = new Promise<number | string | null>((resolve) => {
    child.once('error', (error) => {
      children.delete(child)
      resolve(error.message)
    })
    child.once('close', (code, signal) => {
      children.delete(child)
      resolve(signal ?? code)
    })
  })
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => lines.push(line))
  }
  return { child, ended, output: () => lines.join('\n') }
}

/** Starts a node and resolves when it is ready; rejects with its log if it ends before. */
export const startProcess = async (options: ProcessOptions): Promise<NodeProcess> => {
  const { name, port, dataDir, peers = [], execArgs = [], env = {} } = options
  const startMs = performance.now()
  const { child, ended, output } = run(
    [
      ...execArgs,
      program,
      'node',
      '--name',
      name,
      '--port',
      `${port}`,
      '--data',
      dataDir,
      ...(peers.length > 0
        ? ['--peers', peers.map((peer) => `ws://127.0.0.1:${peer}`).join(',')]
        : []),
    ],
    {
      ...options,
      env: {
        ATOLL_CLUSTER_KEY: Buffer.from(clusterKey).toString('hex'),
        ATOLL_ADMIN_EMAIL: admin.email,
        ATOLL_ADMIN_PASSWORD: admin.password,
        ATOLL_LOG_LEVEL: 'info',
        ATOLL_WORKERS: process.env['ATOLL_TEST_WORKERS'] ?? '0',
        ...env,
      },
    },
  )
  const url = `http://127.0.0.1:${port}`
  let hasEnded = false
  child.once('close', () => {
    hasEnded = true
  })
  for (;;) {
    if (hasEnded) throw new Error(`${name} ended with ${String(await ended)}:\n${output()}`)
    if (await isReady(url)) break
    await pause(5)
  }
  const readyMs = performance.now() - startMs
  return {
    name,
    url,
    port,
    dataDir,
    readyMs,
    output,
    ended,
    pid: child.pid ?? 0,
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
    stop: async () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}

const isReady = async (url: string): Promise<boolean> => {
  try {
    const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(5_000) })
    await answer.text()
    return answer.ok
  } catch {
    return false
  }
}

/** Runs a command of the program to its end. */
export const runCommand = async (
  args: readonly string[],
  options: Pick<ProcessOptions, 'within'> = {},
): Promise<{ readonly status: number | string | null; readonly output: string }> => {
  const { ended, output } = run([program, ...args], options)
  return { status: await ended, output: output() }
}

/** A port that nothing listens on, outside the range that the system takes for outgoing connections. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The text's JSON, empty if it is none. */
  readonly body: Body
}

/** A request to a node; rejects if there is no whole answer. */
export const request = async (
  url: string,
  method: string,
  path: string,
  given: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Reply> => {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...given.headers,
    },
    ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
    signal: AbortSignal.timeout(20_000),
  })
  const text = await answer.text()
  const isJson = /^application\/(problem\+)?json/.test(answer.headers.get('content-type') ?? '')
  const body = JSON.parse(isJson ? text : '{}') as Body
  return { status: answer.status, headers: answer.headers, text, body }
}

/** Signs the admin in; any node of the cluster takes the header. */
export const signIn = async (url: string): Promise<Readonly<Record<string, string>>> => {
  const { status, text, body } = await request(url, 'POST', '/api/v1/auth/login', { body: admin })
  if (status !== 200) throw new Error(`Nobody could sign in at ${url}: ${text}`)
  return { authorization: `Bearer ${body.accessToken}` }
}

/** The memory that a process has resident now, in MB. */
export const residentMB = (pid: number): number => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024
}

export const pause = (ms: number): Promise<undefined> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms)
  })
