/** Threads that run seeds: two of them, one under the usual limits and one under small ones. */

import { Worker } from 'node:worker_threads'
import type { Limits } from './plan.ts'
import type { Answer, Order, Task } from './worker.ts'

export interface Thread {
  obey(order: Order): Promise<Answer>
  end(): Promise<void>
}

/** The threads by the limits they run under. */
export type Threads = Readonly<Record<Limits, Thread>>

export const startThreads = (bug?: string): Threads => ({
  usual: startThread({ bug, limits: 'usual' }),
  small: startThread({ bug, limits: 'small' }),
})

export const endThreads = async ({ usual, small }: Threads): Promise<void> => {
  await Promise.all([usual.end(), small.end()])
}

const startThread = (task: Task): Thread => {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: task })
  let settle: ((answer: Answer) => void) | undefined
  const answer = (given: Answer): void => {
    settle?.(given)
    settle = undefined
  }
  worker.on('message', answer)
  worker.on('error', (error) => answer({ kind: 'failed', error: String(error.stack ?? error) }))
  return {
    obey: (order) =>
      new Promise((resolve) => {
        settle = resolve
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        worker.postMessage(order)
      }),
    end: async () => {
      await worker.terminate()
    },
  }
}

/**
 * Gives the seeds from `first` on to the thread that each belongs to, both at work at a time, until
 * `take` says that it is enough.
 */
export const runSeeds = async (
  threads: Threads,
  { first, count, orderOf, take }: SeedRun,
): Promise<void> => {
  let isEnough = false
  const work = async (thread: Thread, from: number): Promise<void> => {
    for (let seed = from; seed < first + count && !isEnough; seed += 2) {
      if (take(seed, await thread.obey(orderOf(seed))) === 'enough') isEnough = true
    }
  }
  const even = first + (first % 2)
  const odd = first + ((first + 1) % 2)
  await Promise.all([work(threads.usual, even), work(threads.small, odd)])
}

export interface SeedRun {
  readonly first: number
  readonly count: number
  readonly orderOf: (seed: number) => Order
  readonly take: (seed: number, answer: Answer) => 'more' | 'enough'
}
