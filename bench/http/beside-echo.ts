/** A durable write beside an echo of the same bodies: what all that is done between costs. */

import type { Bench } from '../benchmark.ts'
import { interleaved } from '../measure.ts'
import type { Server } from '../stage.ts'
import type { LoadReport, LoadRequest } from './load-job.ts'
import { createLoad, loadNote } from './load.ts'

export interface BesideEcho {
  readonly name: string
  readonly node: Server
  /** The requests of one round; none may occur in another. */
  readonly requests: (round: number | 'warm-up') => Promise<readonly LoadRequest[]>
}

export const connections = 100

export const besideEcho = async (
  { stage, runs, isQuick, say, note }: Bench,
  { name, node, requests }: BesideEcho,
): Promise<{ readonly ours: Figures; readonly echo: Figures; readonly failed: number }> => {
  const bare = await stage.startBare()
  const load = createLoad()
  const reports: LoadReport[] = []
  try {
    const drive = async (round: number | 'warm-up'): Promise<Figures> => {
      const job = { url: node.url, connections, requests: await requests(round) }
      const report = await load.drive({ ...job, until: 'once' })
      if (round !== 'warm-up') {
        reports.push(report)
        say(`  ${name}: ${report.perSecond.toFixed(0)}/s, p99 ${report.p99Ms.toFixed(1)} ms`)
      }
      return report
    }
    const driveEcho = async (round: number | 'warm-up'): Promise<Figures> => {
      const echoed = (await requests('warm-up')).map((request) => ({
        method: 'POST',
        path: '/echo',
        headers: { 'content-type': 'application/json' },
        body: request.body ?? '{}',
      }))
      const until = { seconds: isQuick || round === 'warm-up' ? 1 : 3 }
      const report = await load.drive({ url: bare.url, connections, requests: echoed, until })
      if (round !== 'warm-up') reports.push(report)
      return report
    }
    await driveEcho('warm-up')
    await drive('warm-up')
    const { ours, echo } = await interleaved<'ours' | 'echo', keyof Figures>(runs, {
      ours: drive,
      echo: driveEcho,
    })
    const told = loadNote(name, reports)
    if (told !== undefined) note(told)
    return { ours, echo, failed: reports.reduce((sum, report) => sum + report.failed, 0) }
  } finally {
    load.close()
    await bare.stop()
  }
}

export type Figures = Pick<LoadReport, 'perSecond' | 'p50Ms' | 'p99Ms' | 'driverLoad'>
