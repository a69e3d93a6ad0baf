/** Starts worker threads for a test, which end with it. */

import { Worker } from 'node:worker_threads'
import { onTestFinished } from 'vitest'
import type { Job } from './thread.ts'

export const start = (job: Job) => {
  const worker = new Worker(new URL('thread.ts', import.meta.url), { workerData: job })
  onTestFinished(async () => {
    await worker.terminate()
  })
  const done = new Promise<unknown>((resolve, reject) => {
    worker.on('error', reject)
    worker.on('message', (message: { readonly done?: unknown }) => {
      if (typeof message === 'object') resolve(message.done)
    })
  })
  return { worker, done }
}

export const run = async <T>(jobs: readonly Job[]): Promise<readonly T[]> =>
  (await Promise.all(jobs.map((job) => start(job).done))) as readonly T[]

export const flag = () => new SharedArrayBuffer(4)
