/** The core's side of the channel benchmark, in a process of its own: it takes commands, and answers. */

import { Worker } from 'node:worker_threads'
import { loadMemory } from '../../native/load.ts'
import { soon } from '../../node/system.ts'
import { createChannel, openReceiver, openSender } from '../../node/workers/channel.ts'
import { pause, percentile } from '../measure.ts'
import { commandBytes, window, type ChannelJob, type ChannelReport } from './channel-job.ts'

/** As long as it takes to wake a thread: beyond it, sleeping is the better bargain. */
const spinUs = 50

const run = async (job: ChannelJob): Promise<ChannelReport> => {
  const { way, what, count } = job
  const { memory, missing } = loadMemory()
  if (missing !== undefined) throw new Error(missing)
  const [there, back] = [createChannel(memory, 4_096), createChannel(memory, 4_096)]
  const spin = what === 'hot' ? spinUs : 0
  const peer = new Worker(new URL('./channel-peer.ts', import.meta.url), {
    workerData: { ...job, there: there.ids, back: back.ids, spinUs: spin },
  })
  const sender = openSender(memory, back.ids)
  const answer = new Uint8Array(commandBytes)
  let received = 0
  let startMs = 0
  let finish: (perSecond: number) => void = () => undefined
  const finished = new Promise<number>((resolve) => {
    finish = resolve
  })

  const reply = (): void => {
    if (way === 'postMessage') peer.postMessage(answer, [])
    else while (!sender.send(answer));
  }
  const take = (): void => {
    received++
    if (what !== 'stream') reply()
    else if (received % window === 0) reply()
    if (what === 'stream' && received === count) {
      finish((count / (performance.now() - startMs)) * 1_000)
    }
  }

  const receiver = openReceiver(memory, there.ids, { spinUs: spin, received: take, soon })
  const told = new Promise<readonly number[]>((resolve) => {
    peer.on('message', (message: Uint8Array | { readonly times: readonly number[] }) => {
      if ('times' in message) resolve(message.times)
      else take()
    })
  })
  await new Promise((resolve) => {
    peer.once('online', resolve)
  })
  // It has to load its modules first.
  await pause(500)
  startMs = performance.now()
  peer.postMessage('begin', [])
  const perSecond = what === 'stream' ? await finished : 0
  const times = what === 'stream' ? [] : (await told).slice(Math.floor(count / 10))
  const cpu = process.cpuUsage()
  await pause(1_000)
  const used = process.cpuUsage(cpu)
  await peer.terminate()
  receiver.close()
  return {
    perSecond,
    p50Us: percentile(times, 0.5),
    p99Us: percentile(times, 0.99),
    idleShare: (used.user + used.system) / 1_000_000,
  }
}

const job = JSON.parse(process.argv[2] ?? '{}') as ChannelJob
process.stdout.write(`${JSON.stringify(await run(job))}\n`)
process.exit(0)
