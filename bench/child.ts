/**
 * Processes that are measured: started, waited for, asked for their memory, and stopped. Whatever is
 * measured runs in a process of its own, so that it has a core, a heap and an event loop to itself.
 */

import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'

export const root = dirname(import.meta.dirname)

export interface ChildOptions {
  /** What Node runs: a file of this repository, and its arguments. */
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface Child {
  readonly pid: number
  /** Resolves with the first line on its standard output that is JSON and has what is looked for. */
  line<T>(find: (json: object) => T | undefined): Promise<T>
  /** The most memory that it ever had resident, in MB; NaN where the system does not tell. */
  peakMB(): number
  /** The processor time that it has used, in ms; NaN where the system does not tell. */
  processorMs(): number
  /** Resolves when it has ended by itself, with all that it wrote to its standard output. */
  ended(): Promise<{ readonly code: number | null; readonly output: string }>
  stop(): Promise<void>
}

export const startChild = ({ args, env = {} }: ChildOptions): Child => {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const pid = child.pid ?? 0
  const output: string[] = []
  const complaints: string[] = []
  const watchers = new Set<(line: string) => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    output.push(line)
    for (const watch of watchers) watch(line)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text))
  const closed = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null))
    child.on('close', resolve)
  })
  const told = () => `${output.slice(-5).join('\n')}\n${complaints.join('').slice(-2_000)}`

  return {
    pid,
    line: (find) =>
      new Promise((resolve, reject) => {
        const watch = (line: string) => {
          const found = find(jsonOf(line))
          if (found === undefined) return
          watchers.delete(watch)
          resolve(found)
        }
        watchers.add(watch)
        for (const line of output) watch(line)
        void closed.then((code) =>
          reject(new Error(`${args.join(' ')} ended with ${code}:\n${told()}`)),
        )
      }),
    peakMB: () => peakMB(pid),
    processorMs: () => processorMs(pid),
    ended: async () => ({
      code: await closed,
      output: `${output.join('\n')}\n${complaints.join('')}`,
    }),
    stop: () => stop(child, closed),
  }
}

const jsonOf = (line: string): object => {
  if (!line.startsWith('{')) return {}
  try {
    return JSON.parse(line) as object
  } catch {
    return {}
  }
}

/** After so long a process is not asked any more. */
const patienceMs = 20_000

const stop = async (child: ChildProcess, closed: Promise<unknown>): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const impatient = setTimeout(() => child.kill('SIGKILL'), patienceMs)
  await closed
  clearTimeout(impatient)
}

const peakMB = (pid: number): number => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? []
    return Number(kibibytes) / 1_024
  } catch {
    return Number.NaN
  }
}

/** Linux tells times in hundredths of a second, whatever its own clock does. */
const tickMs = 10

const processorMs = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name comes second, in parentheses, and may hold anything; the fields behind it are plain.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * tickMs
  } catch {
    return Number.NaN
  }
}
