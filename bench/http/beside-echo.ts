/** A durable write beside an echo of the same bodies: what all that is done between costs. */

import type { Bench, Row } from '../benchmark.ts'
import { interleaved } from '../measure.ts'
import type { Server } from '../stage.ts'
import type { LoadRequest } from './load-job.ts'
import { createLoad, driveServer, loadNote, type Driven, type DrivenFigures } from './load.ts'

export interface BesideEcho {
  readonly name: string
  readonly node: Server
  /** The requests of one round; none may occur in another. */
  readonly requests: (round: number | 'warm-up') => Promise<readonly LoadRequest[]>
}

export interface Compared {
  readonly ours: DrivenFigures
  readonly echo: DrivenFigures
  /** Of ours, in all rounds. */
  readonly failed: number
}

export const besideEcho = async (
  { stage, runs, isQuick, say, note }: Bench,
  { name, node, requests }: BesideEcho,
): Promise<Compared> => {
  const bare = await stage.startBare()
  const load = createLoad()
  const reports: Driven[] = []
  let failed = 0
  try {
    const warmUp = await requests('warm-up')
    const echoed = warmUp.map(({ body = '{}' }) => ({
      method: 'POST',
      path: '/echo',
      headers: { 'content-type': 'application/json' },
      body,
    }))
    const echoFor = (seconds: number) =>
      driveServer(load, bare, { requests: echoed, until: { seconds } })
    await echoFor(1)
    await driveServer(load, node, { requests: warmUp, until: 'once' })

    const { ours, echo } = await interleaved<'ours' | 'echo', keyof DrivenFigures>(runs, {
      ours: async (round) => {
        const job = { requests: await requests(round), until: 'once' } as const
        const report = await driveServer(load, node, job)
        failed += report.failed
        const { perSecond, p99Ms, processorUs } = report
        say(
          `  ${name}: ${perSecond.toFixed(0)}/s, p99 ${p99Ms.toFixed(1)} ms, ` +
            `${processorUs.toFixed(0)} µs of processor time each`,
        )
        return report
      },
      echo: async () => {
        const report = await echoFor(isQuick ? 1 : 3)
        reports.push(report)
        return report
      },
    })
    const told = loadNote(name, reports)
    if (told !== undefined) note(told)
    return { ours, echo, failed }
  } finally {
    load.close()
    await bare.stop()
  }
}

/** The rows that every such comparison ends with. */
export const costRows = ({ ours, echo, failed }: Compared): readonly Row[] => [
  {
    what: 'processor time a request',
    unit: 'µs',
    ours: ours.processorUs,
    reference: { name: 'bare Hono echo', value: echo.processorUs },
  },
  { what: 'failed', unit: '', ours: failed, target: { of: 'ours', is: 'at most', bound: 0 } },
]
