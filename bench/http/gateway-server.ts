/** The sandbox gateway in a process of its own, so that the node under test does not share its core with it. */

import { openGateway } from '../../node/payments/sandbox/gateway.ts'
import { noJournal } from '../../node/payments/sandbox/journal.ts'
import * as system from '../../node/system.ts'

const [, , latencyMs = '5', webhookSecret = ''] = process.argv

const gateway = await openGateway({
  host: '127.0.0.1',
  port: 0,
  webhookSecret,
  endpoints: [],
  latencyMs: Number(latencyMs),
  lateMs: 2_000,
  journal: noJournal,
  fetch: globalThis.fetch,
  clock: system.systemClock,
  timers: system.systemTimers,
  random: system.systemRandom,
})
process.stdout.write(`${JSON.stringify({ url: gateway.url })}\n`)

process.on('SIGTERM', () => {
  void gateway.close().then(() => process.exit(0))
})
