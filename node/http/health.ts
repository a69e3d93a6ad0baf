/**
 * Health: whether the node lives, whether it should get requests, and why not.
 *
 * A check looks at the thing itself when it is asked. One that is merely worse than it should be
 * (a peer out of reach) leaves the node ready: to serve while others are gone is what it is for.
 */

import { statfsSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Hono } from 'hono'
import type { NodeEnv } from './router.ts'

export interface HealthCheck {
  /** `degraded` is worth an operator's look; only `failed` takes the node out of service. */
  readonly status: 'ok' | 'degraded' | 'failed'
  /** In a sentence, if it is not ok. */
  readonly detail?: string
  /** What was measured, by a name that ends in its unit. */
  readonly figures?: Readonly<Record<string, number | string | boolean>>
}

export interface HealthDeps {
  readonly checks: Readonly<Record<string, () => HealthCheck>>
}

/** `/health` in full, `/ready` and `/live` for orchestrators; the same under `/api/health`. */
export const createHealthRoutes = ({ checks }: HealthDeps): Hono<NodeEnv> => {
  const examine = () => {
    const results = Object.entries(checks).map(([name, check]) => [name, examined(check)] as const)
    const statuses = new Set(results.map(([, { status }]) => status))
    const status = statuses.has('failed') ? 'failed' : statuses.has('degraded') ? 'degraded' : 'ok'
    return { status, checks: Object.fromEntries(results) }
  }
  const app = new Hono<NodeEnv>()
  for (const [health, ready, live] of [
    ['/health', '/ready', '/live'],
    ['/api/health', '/api/health/ready', '/api/health/live'],
  ] as const) {
    app.get(health, (c) => {
      const report = examine()
      return c.json(report, report.status === 'failed' ? 503 : 200)
    })
    app.get(ready, (c) => {
      const { status } = examine()
      return c.json({ status }, status === 'failed' ? 503 : 200)
    })
    // That it can be answered at all is what it says: a process that hangs cannot.
    app.get(live, (c) => c.json({ status: 'ok' }))
  }
  return app
}

const examined = (check: () => HealthCheck): HealthCheck => {
  try {
    return check()
  } catch {
    return { status: 'failed', detail: 'The check itself failed' }
  }
}

/** A check that holds something while it is in use. */
export interface HeldCheck {
  check(): HealthCheck
  close(): void
}

/** How long the event loop lets others wait, since it was last asked. */
export const createEventLoopCheck = (options: {
  readonly degradedMs: number
  readonly failedMs: number
}): HeldCheck => {
  const delays = monitorEventLoopDelay({ resolution: 10 })
  delays.enable()
  return {
    check: () => {
      // Nothing measured yet reads as NaN or as the largest number there is.
      const p99Ms = delays.count === 0 ? 0 : Math.round(delays.percentile(99) / 1e5) / 10
      delays.reset()
      const figures = { p99Ms }
      if (p99Ms >= options.failedMs)
        return { status: 'failed', detail: 'The event loop hardly turns', figures }
      if (p99Ms >= options.degradedMs)
        return { status: 'degraded', detail: 'The event loop is slow', figures }
      return { status: 'ok', figures }
    },
    close: () => {
      delays.disable()
    },
  }
}

/** Resident memory beside what the node was given. */
export const memoryCheck = (options: { readonly rssBytesMax: number }) => (): HealthCheck => {
  const rssBytes = process.memoryUsage.rss()
  const figures = { rssBytes, rssBytesMax: options.rssBytesMax }
  return rssBytes > options.rssBytesMax
    ? { status: 'degraded', detail: 'More memory is in use than was planned', figures }
    : { status: 'ok', figures }
}

/** Room on the disk that holds `directory`. */
export const diskSpaceCheck =
  (options: {
    readonly directory: string
    readonly degradedBytes: number
    readonly failedBytes: number
  }) =>
  (): HealthCheck => {
    const { bavail, bsize } = statfsSync(options.directory)
    const freeBytes = bavail * bsize
    const figures = { freeBytes }
    if (freeBytes < options.failedBytes)
      return { status: 'failed', detail: 'The disk is as good as full', figures }
    if (freeBytes < options.degradedBytes)
      return { status: 'degraded', detail: 'The disk is filling up', figures }
    return { status: 'ok', figures }
  }
