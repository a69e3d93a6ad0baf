/** The program of a worker thread. As `main.ts` does, it has compiled modules kept, and so must come first. */

import { enableCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import type { FromWorker, WorkerStart } from './workers/worker-start.ts'

enableCompileCache()

try {
  const { startWorker } = await import('./worker.ts')
  await startWorker(workerData as WorkerStart)
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  parentPort?.postMessage({ kind: 'failed', message } satisfies FromWorker, [])
  parentPort?.close()
}
