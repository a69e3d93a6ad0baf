/**
 * One thread of the simulator. It changes the source of the product first, if a bug is to be planted,
 * and takes the real world's time and chance away; only then the product is loaded.
 */

import { parentPort, workerData } from 'node:worker_threads'
import type { DrawOptions } from './draw.ts'
import { plant } from './planted/plant.ts'
import { planted } from './planted/all.ts'
import type { Limits, Plan } from './plan.ts'
import type { Summary } from './summary.ts'
import type { Violation } from './run.ts'
import type { Shrunk } from './shrink.ts'
import { smallLimits } from './small-limits.ts'

/** What a thread is started with. */
export interface Task {
  /** The name of a bug to plant. */
  readonly bug: string | undefined
  /** A thread runs under these limits and no others: they are changed before the product is loaded. */
  readonly limits: Limits
}

export type Order =
  | { readonly kind: 'run'; readonly seed: number; readonly options: DrawOptions }
  /** A plan that was kept. */
  | { readonly kind: 'repeat'; readonly plan: Plan }
  | { readonly kind: 'shrink'; readonly plan: Plan; readonly property: string }

export type Answer =
  | { readonly kind: 'ran'; readonly summary: Summary }
  | { readonly kind: 'repeated'; readonly violation: Violation | undefined; readonly hash: string }
  | { readonly kind: 'shrunk'; readonly shrunk: Shrunk }
  | { readonly kind: 'failed'; readonly error: string }

const { bug, limits } = workerData as Task
const found = planted.find(({ name }) => name === bug)
if (bug !== undefined && !found) throw new Error(`There is no planted bug of the name ${bug}`)
plant([...(found?.patches ?? []), ...(limits === 'small' ? smallLimits : [])])
const { freeze } = await import('./world/frozen.ts')
const { run } = await import('./run.ts')
const { runSeed } = await import('./seeds.ts')
const { shrink } = await import('./shrink.ts')
freeze()

const obey = async (order: Order): Promise<Answer> => {
  if (order.kind === 'run') {
    return { kind: 'ran', summary: await runSeed(order.seed, order.options) }
  }
  if (order.kind === 'repeat') {
    const { violation, hash } = await run(order.plan)
    return { kind: 'repeated', violation, hash }
  }
  return { kind: 'shrunk', shrunk: await shrink(order.plan, order.property) }
}

const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
const tell = (answer: Answer): void => parentPort?.postMessage(answer)

process.on('unhandledRejection', (error) => tell({ kind: 'failed', error: textOf(error) }))
parentPort?.on('message', (order: Order) => {
  obey(order).then(tell, (error: unknown) => tell({ kind: 'failed', error: textOf(error) }))
})
