/** Makes a planted mistake in two threads of Node, for the sanitizer in the module to report. */

import { once } from 'node:events'
import { createRequire } from 'node:module'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

const plantIn = (module: string): void => {
  const { plant } = createRequire(import.meta.url)(module) as { plant(): boolean }
  if (!plant()) throw new Error('There is no such mistake')
}

if (isMainThread) {
  const module = process.argv[2] ?? ''
  const workers = [1, 2].map(() => new Worker(new URL(import.meta.url), { workerData: module }))
  await Promise.all(workers.map((worker) => once(worker, 'exit')))
} else {
  plantIn(workerData as string)
}
