/** `atoll node`: one node, until it is told to stop. */

import { parseConfig } from '../config.ts'
import { Fault } from '../fault.ts'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { createNode } from '../node.ts'
import { settings } from '../settings.ts'
import * as system from '../system.ts'
import { exitCodes, type Output } from './command.ts'

export interface NodeCommandDeps {
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** Resolves when the operator asks the node to stop. */
  readonly stopped: Promise<void>
  /** Ends the process at once, for what cannot go on. */
  readonly exit: (code: number) => void
}

/** For a failed disk: what supervisors take as "start it anew". */
const exitBroken = 70

export const nodeCommand = async (
  { stdout, stderr, env, stopped, exit }: NodeCommandDeps,
  flags: readonly string[],
): Promise<number> => {
  if (flags.includes('--help')) {
    stdout.write(nodeUsage)
    return exitCodes.done
  }
  const parsed = parseConfig({ flags, env })
  if (!parsed.ok) {
    for (const fault of parsed.refusal) stderr.write(`atoll node: ${fault}\n`)
    return exitCodes.failed
  }
  const config = parsed.value
  const log = createLog({ name: config.name, level: config.logLevel })
  for (const notice of config.notices) log.warn({}, notice)
  try {
    const node = await createNode(
      {
        log,
        metrics: createMetrics({ processMetrics: true }),
        clock: system.systemClock,
        timers: system.systemTimers,
        random: system.systemRandom,
        soon: system.soon,
        broken: (error) => {
          log.fatal({ err: error }, 'a write failed: stopping, to start anew as another replica')
          exit(exitBroken)
        },
      },
      config,
    )
    log.info({ url: node.url, peers: config.peers.length }, 'ready')
    await stopped
    log.info({}, 'stopping')
    await node.close()
    return exitCodes.done
  } catch (error) {
    if (!(error instanceof Fault) && !(error instanceof Error)) throw error
    stderr.write(`atoll node: ${error.message}\n`)
    return exitCodes.failed
  }
}

export const nodeUsage = `atoll node [options]

${settings.map((setting) => `  ${`--${setting.name} ${setting.placeholder}`.padEnd(34)} ${setting.meaning} (${setting.otherwise})`).join('\n')}

Each may also be set in the environment: ${settings.map(({ variable }) => variable).join(', ')}.
`
