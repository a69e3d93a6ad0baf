/** What the story takes from the world: a terminal, time, chance, the network, and processes. */

import type { Clock, Timers } from '../../sync/surroundings.ts'
import type { CommandDeps } from '../cli/command.ts'
import type { Processes } from './processes.ts'

export interface StoryDeps extends CommandDeps {
  readonly clock: Clock
  readonly timers: Timers
  readonly processes: Processes
  /** Where the nodes' data go; what is there of an earlier story is cleared. */
  readonly directory: string
  /** Aborted when the story has to end, for whatever reason. */
  readonly signal: AbortSignal
}

/** Resolves after `ms`; rejects as soon as the story has to end. */
export const pause = (
  { timers, signal }: Pick<StoryDeps, 'timers' | 'signal'>,
  ms: number,
): Promise<void> => {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const cancel = timers.after(ms, resolve)
  const stop = () => {
    reject(signal.reason as Error)
  }
  signal.addEventListener('abort', stop, { once: true })
  return promise.finally(() => {
    cancel()
    signal.removeEventListener('abort', stop)
  })
}
