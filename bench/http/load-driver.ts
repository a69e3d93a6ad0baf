/** The load driver: autocannon in a process of its own, doing one job after another. */

import autocannon from 'autocannon'
import { percentile } from '../measure.ts'
import type { LoadJob, LoadReport } from './load-job.ts'

const drive = ({ url, connections, requests, until }: LoadJob): Promise<LoadReport> =>
  new Promise((resolve, reject) => {
    const latenciesMs: number[] = []
    let startMs = performance.now()
    let endMs = startMs
    let cpuBefore = process.cpuUsage()
    let clients = 0
    const run = autocannon(
      {
        url,
        connections,
        ...(until === 'once' ? { amount: requests.length } : { duration: until.seconds }),
        sampleInt: 100,
        // All requests are built before the first is sent, so that building them is not measured.
        setupClient: (client) => {
          const first = clients++
          const own = requests.filter((_, at) => at % connections === first)
          client.setRequests(own.length > 0 ? own : requests)
        },
      },
      (error, result) => {
        if (error) return reject(error)
        const cpu = process.cpuUsage(cpuBefore)
        const elapsedMs = endMs - startMs
        resolve({
          answered: latenciesMs.length,
          failed: result.errors + result.non2xx,
          perSecond: (latenciesMs.length / elapsedMs) * 1_000,
          p50Ms: percentile(latenciesMs, 0.5),
          p99Ms: percentile(latenciesMs, 0.99),
          driverLoad: (cpu.user + cpu.system) / 1_000 / elapsedMs,
        })
      },
    )
    run.on('start', () => {
      startMs = performance.now()
      cpuBefore = process.cpuUsage()
    })
    run.on('response', (_client: unknown, _status: number, _bytes: number, ms: number) => {
      latenciesMs.push(ms)
      endMs = performance.now()
    })
  })

process.on('message', (job: LoadJob) => {
  drive(job).then(
    (report) => process.send?.(report),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
})

process.on('disconnect', () => process.exit(0))
