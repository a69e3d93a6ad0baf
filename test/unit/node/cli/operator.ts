/** An operator at a keyboard: a clock that only waiting moves, and what the command has written. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProcessDeps } from '../../../../node/cli/command.ts'

export interface Operator {
  readonly deps: ProcessDeps
  readonly directory: string
  readonly out: () => string
  readonly err: () => string
  /** Every wait that was asked for, in milliseconds. */
  readonly waits: readonly number[]
  advance(ms: number): void
  interrupt(): void
  close(): Promise<void>
}

export const createOperator = async (
  env: Readonly<Record<string, string>> = {},
): Promise<Operator> => {
  const directory = await mkdtemp(join(tmpdir(), 'atoll-cli-'))
  const written = { out: '', err: '' }
  const waits: number[] = []
  const interruption = new AbortController()
  let nowMs = 1_000_000
  return {
    directory,
    waits,
    out: () => written.out,
    err: () => written.err,
    advance: (ms) => {
      nowMs += ms
    },
    interrupt: () => interruption.abort(),
    close: () => rm(directory, { recursive: true, force: true }),
    deps: {
      fetch,
      env,
      signal: interruption.signal,
      random: (bytes) => new Uint8Array(bytes).fill(128),
      keepHeapSmall: () => undefined,
      clock: { now: () => nowMs },
      timers: {
        after: (ms, callback) => {
          waits.push(ms)
          nowMs += ms
          queueMicrotask(callback)
          return () => undefined
        },
      },
      stdout: { write: (text) => (written.out += text) },
      stderr: { write: (text) => (written.err += text) },
    },
  }
}
