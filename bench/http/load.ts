/** Load from a process of its own, so that the server under test does not share its core with it. */

import { fork } from 'node:child_process'
import { join } from 'node:path'
import { median } from '../measure.ts'
import type { Server } from '../stage.ts'
import type { LoadJob, LoadReport } from './load-job.ts'

/** Clients at once, each of which waits for its answer before it asks again. */
export const connections = 100

export interface Load {
  /** Does one job; the driver is kept from job to job, so that it is measured warm. */
  drive(job: LoadJob): Promise<LoadReport>
  close(): void
}

export const createLoad = (): Load => {
  const driver = fork(join(import.meta.dirname, 'load-driver.ts'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return {
    drive: (job) =>
      new Promise((resolve, reject) => {
        const ended = () => reject(new Error('The load driver ended'))
        driver.once('exit', ended)
        driver.once('message', (report) => {
          driver.off('exit', ended)
          resolve(report as LoadReport)
        })
        driver.send(job)
      }),
    close: () => {
      if (driver.connected) driver.disconnect()
    },
  }
}

/** A report, with what each request cost the server that answered it. */
export interface Driven extends LoadReport {
  /** Unlike the rate, it hardly depends on what else the machine does meanwhile. */
  readonly processorUs: number
  /** How much of a core the server used. */
  readonly serverLoad: number
}

export const driveServer = async (
  load: Load,
  server: Server,
  job: Omit<LoadJob, 'url' | 'connections'>,
): Promise<Driven> => {
  const beforeMs = server.child.processorMs()
  const report = await load.drive({ ...job, url: server.url, connections })
  const usedMs = server.child.processorMs() - beforeMs
  const elapsedMs = (report.answered / report.perSecond) * 1_000
  return {
    ...report,
    processorUs: (usedMs / report.answered) * 1_000,
    serverLoad: usedMs / elapsedMs,
  }
}

/** The figures of a report of which medians are told. */
export type DrivenFigures = Pick<Driven, 'perSecond' | 'p50Ms' | 'p99Ms' | 'processorUs'>

/** Below this much of a core, a server was not what limited the rate. */
const serverLoadMin = 0.9

/** What the reader of the table must know about how the load was made, if anything. */
export const loadNote = (name: string, reference: readonly Driven[]): string | undefined => {
  const serverLoad = median(reference.map((report) => report.serverLoad))
  const driverLoad = median(reference.map((report) => report.driverLoad))
  const share = (load: number) => `${Math.round(load * 100)} %`
  return serverLoad < serverLoadMin
    ? `${name}: the reference used ${share(serverLoad)} of a core, the load driver ${share(driverLoad)}: ` +
        'something else limited its rate, and the ratio flatters; go by processor time'
    : undefined
}
