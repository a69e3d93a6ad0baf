/** The worker's side of the channel benchmark: it sends commands, and times what comes back. */

import { parentPort, workerData } from 'node:worker_threads'
import { loadMemory } from '../../native/load.ts'
import { openReceiver, openSender } from '../../node/workers/channel.ts'
import { soon } from '../../node/system.ts'
import { commandBytes, parkedMs, window, type PeerStart } from './channel-job.ts'

const { way, what, count, there, back, spinUs } = workerData as PeerStart
const port = parentPort!
const command = new Uint8Array(commandBytes)

const { memory } = loadMemory()
const sender = openSender(memory, there)
const times: number[] = []
let sentAt = 0
let sent = 0
/** Of a stream: what the other side has said that it took. */
let taken = 0

const send = (): void => {
  sent++
  if (way === 'postMessage') port.postMessage(command, [])
  else while (!sender.send(command));
}

const ask = (): void => {
  sentAt = performance.now()
  send()
}

const heard = (): void => {
  if (what === 'stream') {
    taken += window
    pour()
    return
  }
  times.push((performance.now() - sentAt) * 1_000)
  if (times.length === count) port.postMessage({ times }, [])
  else if (what === 'parked') setTimeout(ask, parkedMs)
  else ask()
}

const pour = (): void => {
  const until = Math.min(count, taken + 2 * window)
  for (let at = sent; at < until; at++) send()
}

openReceiver(memory, back, { spinUs, received: heard, soon })
port.on('message', (message) => {
  if (message !== 'begin') heard()
  else if (what === 'stream') pour()
  else ask()
})
