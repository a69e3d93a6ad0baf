/** Node processes and ports of this machine: the story's one way to the operating system. */

import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { host } from './limits.ts'

export interface Processes {
  /** Starts the program with these arguments; what it writes is appended to `logFile`. */
  start(options: StartOptions): NodeProcess
  /** The port itself if nothing listens there, else undefined; for 0 one that is free. */
  reserve(ports: readonly number[]): Promise<readonly (number | undefined)[]>
}

export interface StartOptions {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly logFile: string
}

export interface NodeProcess {
  /** Why it ended, in words: `exit code 2`, `signal SIGKILL`. */
  readonly ended: Promise<string>
  /** Asks it to finish what it has begun and end. */
  stop(): void
  /** Ends it at once. */
  kill(): void
  /** The last of what it has written. */
  readLog(): Promise<string>
}

const program = fileURLToPath(new URL('../main.ts', import.meta.url))
const leash = new URL('leash.ts', import.meta.url).href

export const systemProcesses: Processes = {
  start: ({ args, env, logFile }) => {
    const log = openSync(logFile, 'a', 0o600)
    // A group of its own: Ctrl-C reaches the story alone, which then stops its nodes in order.
    const child = spawn(process.execPath, ['--import', leash, program, ...args], {
      env: { ...env },
      stdio: ['pipe', log, log],
      detached: true,
    })
    closeSync(log)
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('exit', (code, signal) => {
        resolve(signal === null ? `exit code ${code}` : `signal ${signal}`)
      })
    })
    child.stdin?.on('error', () => undefined)
    return {
      ended,
      stop: () => void child.kill('SIGTERM'),
      kill: () => void child.kill('SIGKILL'),
      readLog: async () => (await readFile(logFile, 'utf8').catch(() => '')).slice(-logCharsShown),
    }
  },
  reserve: async (ports) => {
    // All are held until the last one is known, so that no free port is found twice.
    const held = await Promise.all(ports.map(hold))
    for (const one of held) await one?.release()
    return held.map((one) => one?.port)
  },
}

/** More than the last dozen lines of any log. */
const logCharsShown = 32 * 1024

interface HeldPort {
  readonly port: number
  readonly release: () => Promise<void>
}

const hold = (port: number): Promise<HeldPort | undefined> => {
  const { promise, resolve } = Promise.withResolvers<HeldPort | undefined>()
  const server = createServer()
  server.once('error', () => {
    resolve(undefined)
  })
  server.listen({ host, port }, () => {
    resolve({
      port: (server.address() as AddressInfo).port,
      release: () =>
        new Promise((released) => {
          server.close(() => released())
        }),
    })
  })
  return promise
}
