/**
 * To be imported into a process before its program: measures how long its event loop lets others wait.
 * At each SIGUSR2 it prints what it has measured since the one before, as a line of JSON.
 */

import { writeSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How often it looks, which is what it measures when there is nothing to wait for. */
const resolutionMs = 1

const delays = monitorEventLoopDelay({ resolution: resolutionMs })
delays.enable()

const waited = (nanoseconds: number): number =>
  Math.max(0, Number.isFinite(nanoseconds) ? nanoseconds / 1e6 - resolutionMs : 0)

process.on('SIGUSR2', () => {
  const loopDelay = {
    p50Ms: waited(delays.percentile(50)),
    p99Ms: waited(delays.percentile(99)),
    maxMs: waited(delays.count === 0 ? 0 : delays.max),
  }
  delays.reset()
  writeSync(1, `${JSON.stringify({ loopDelay })}\n`)
})
