/** Load from a process of its own, so that the server under test does not share its core with it. */

import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { LoadJob, LoadReport } from './load-job.ts'

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

/** Above this much of a core, what was measured may be the driver. */
const driverLoadMax = 0.97

/** What the reader of the table must know about how the load was made, if anything. */
export const loadNote = (name: string, reports: readonly LoadReport[]): string | undefined => {
  const most = Math.max(...reports.map(({ driverLoad }) => driverLoad))
  return most > driverLoadMax
    ? `${name}: the load driver used ${Math.round(most * 100)} % of a core and may have been the limit`
    : undefined
}
