/** The channel between a node's threads beside postMessage: commands one way, and there and back. */

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Bench, Row } from '../benchmark.ts'
import { interleaved, type Figures } from '../measure.ts'
import type { ChannelJob, ChannelReport, Way } from './channel-job.ts'

const counts = { stream: 400_000, hot: 20_000, parked: 300 } as const

export const channelRows = async ({ runs, isQuick, say }: Bench): Promise<readonly Row[]> => {
  const measured = async (what: ChannelJob['what']) =>
    interleaved<Way, keyof ChannelReport>(runs, {
      channel: () => measure('channel', what),
      postMessage: () => measure('postMessage', what),
    })
  const measure = (way: Way, what: ChannelJob['what']): Promise<Figures<keyof ChannelReport>> => {
    const count = isQuick ? counts[what] / 10 : counts[what]
    const report = drive({ way, what, count })
    const figure = what === 'stream' ? `${report.perSecond.toFixed(0)}/s` : `${report.p50Us} µs`
    say(`  ${what}, ${way}: ${figure}`)
    return Promise.resolve(report)
  }
  const stream = await measured('stream')
  const hot = await measured('hot')
  const parked = await measured('parked')
  const name = 'postMessage'
  return [
    {
      what: '200-byte commands from a worker',
      unit: '/s',
      ours: stream.channel.perSecond,
      reference: { name, value: stream.postMessage.perSecond },
      target: { of: 'ratio', is: 'at least', bound: 6 },
    },
    {
      what: 'there and back while hot, p50',
      unit: 'µs',
      ours: hot.channel.p50Us,
      reference: { name, value: hot.postMessage.p50Us },
      target: { of: 'ours', is: 'at most', bound: 10 },
    },
    {
      what: 'there and back when parked, p50',
      unit: 'µs',
      ours: parked.channel.p50Us,
      reference: { name, value: parked.postMessage.p50Us },
      target: { of: 'ratio', is: 'at most', bound: 1.05 },
    },
    {
      what: 'share of a core when idle',
      unit: '',
      ours: hot.channel.idleShare,
      reference: { name, value: hot.postMessage.idleShare },
      target: { of: 'ours', is: 'at most', bound: 0.01 },
    },
  ]
}

/** In a process of its own: what one measurement leaves behind is not the next one's burden. */
const drive = (job: ChannelJob): ChannelReport =>
  JSON.parse(
    execFileSync(
      process.execPath,
      [join(import.meta.dirname, 'channel-driver.ts'), JSON.stringify(job)],
      { encoding: 'utf8' },
    ),
    // What a job does not measure is no number, which JSON writes as null.
    (_key, value: unknown) => value ?? Number.NaN,
  ) as ChannelReport
