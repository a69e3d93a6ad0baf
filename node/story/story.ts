/**
 * `npm start`: three nodes, a cut cable, and the proof that nothing is lost.
 *
 * It starts real nodes as processes of their own and talks to them as any client would, over HTTP.
 * What it claims it has read from all three of them.
 */

import { exitCodes, type CommandDeps } from '../cli/command.ts'
import { printable } from '../cli/command.ts'
import { ok, refused, type Result } from '../result.ts'
import * as system from '../system.ts'
import { createCluster, type Admin, type Cluster, type DeadNode } from './cluster.ts'
import { openDemoDirectory, type DemoDirectory } from './demo-directory.ts'
import { parseFlags, storyUsage, type StoryFlags } from './flags.ts'
import { directory as demoPath } from './limits.ts'
import { createNarrator, type Narrator } from './narrator.ts'
import { systemProcesses } from './processes.ts'
import { conclude } from './proofs.ts'
import { regions, type ByRegion } from './regions.ts'
import { liveApart } from './steps/cut.ts'
import { heal } from './steps/heal.ts'
import { keep } from './steps/keep.ts'
import { settle } from './steps/settle.ts'
import { start } from './steps/start.ts'
import { showAround } from './steps/stay.ts'
import { checkCatalog, stockShelves } from './steps/stock.ts'
import { pause, type StoryDeps } from './story-deps.ts'

/** Runs the command and answers its exit code. */
export const storyCommand = async (deps: CommandDeps, args: readonly string[]): Promise<number> => {
  const flags = parseFlags(args)
  if (!flags.ok) {
    deps.stderr.write(`npm start: ${flags.refusal}\n\n${storyUsage}`)
    return exitCodes.failed
  }
  if (flags.value === 'help') {
    deps.stdout.write(storyUsage)
    return exitCodes.done
  }
  return runStory(
    {
      ...deps,
      clock: system.systemClock,
      timers: system.systemTimers,
      processes: systemProcesses,
      directory: demoPath,
      signal: deps.signal ?? new AbortController().signal,
    },
    flags.value,
  )
}

/** Tells the story; 0 if every proof held, 1 if one did not, 2 if it cannot begin. */
export const runStory = async (deps: StoryDeps, flags: StoryFlags): Promise<number> => {
  const prepared = await prepare(deps, flags)
  if (!prepared.ok) {
    deps.stderr.write(`npm start: ${printable(prepared.refusal)}\n`)
    return exitCodes.failed
  }
  const { ports, gatewayPort, directory } = prepared.value
  const admin = { email: 'admin@atoll.example', password: secret(deps, 12, 'base64url') }
  const clusterKey = secret(deps, 32, 'hex')
  const gatewaySecret = `whsec_${secret(deps, 24, 'hex')}`
  // One end for whatever ends the story: Ctrl-C, or a node that is gone.
  const ending = new AbortController()
  const signal = AbortSignal.any([deps.signal, ending.signal])
  const paced = { ...deps, signal }
  const narrator = createNarrator({
    output: deps.stdout,
    env: deps.env,
    wait: (ms) => (flags.fast ? Promise.resolve() : pause(paced, ms)),
  })
  const cluster = createCluster(paced, {
    ports,
    gatewayPort,
    directory,
    clusterKey,
    gatewaySecret,
    admin,
  })
  const setting: Setting = {
    narrator,
    cluster,
    directory,
    admin,
    clusterKey,
    gatewaySecret,
    flags,
  }
  const told = tell(paced, setting)
  try {
    const end = await Promise.race([told, cluster.died])
    return typeof end === 'number' ? end : sayDied(deps, end)
  } catch (error) {
    if (deps.signal.aborted) return exitCodes.interrupted
    if (!(error instanceof Error)) throw error
    deps.stderr.write(`\nThe story cannot go on: ${printable(error.message)}\n`)
    return exitCodes.rejected
  } finally {
    ending.abort(new Error('the story has ended'))
    await told.catch(() => undefined)
    deps.stdout.write('\n  Stopping eu, us, ap and the gateway … ')
    await cluster.close()
    directory.close()
    deps.stdout.write('stopped.\n')
  }
}

interface Setting {
  readonly narrator: Narrator
  readonly cluster: Cluster
  readonly directory: DemoDirectory
  readonly admin: Admin
  readonly clusterKey: string
  readonly gatewaySecret: string
  readonly flags: StoryFlags
}

const tell = async (deps: StoryDeps, setting: Setting): Promise<number> => {
  const { narrator, directory, admin, flags } = setting
  const stage = await start(deps, setting)
  const { catalog } = flags
  const cast = await stockShelves(stage, { catalog, admin, scratch: directory.scratch })
  if (!cast.ok) {
    deps.stderr.write(`npm start: ${cast.refusal}\n`)
    return exitCodes.failed
  }
  const apart = await liveApart(stage, cast.value)
  const proofs = [
    ...(await heal(stage, apart)),
    await settle(stage, apart.deeds),
    await keep(stage),
  ]
  const { isProven, text } = conclude(proofs)
  await narrator.say(text)
  const code = isProven ? exitCodes.done : exitCodes.rejected
  if (flags.exit) return code
  await showAround(stage, { ...setting, deeds: apart.deeds })
  await interrupted(deps)
  return code
}

/** All that can be found wrong before anything is started. */
const prepare = async (
  deps: StoryDeps,
  flags: StoryFlags,
): Promise<
  Result<
    {
      readonly ports: ByRegion<number>
      readonly gatewayPort: number
      readonly directory: DemoDirectory
    },
    string
  >
> => {
  const catalog = await checkCatalog(flags.catalog)
  if (!catalog.ok) return catalog
  const { ports } = flags
  const reserved = await deps.processes.reserve([ports.eu, ports.us, ports.ap, anyPort])
  const [eu, us, ap, gatewayPort] = reserved
  if (eu === undefined || us === undefined || ap === undefined) {
    const taken = regions.filter((_, at) => reserved[at] === undefined).map((one) => ports[one])
    const which = taken.length === 1 ? `port ${taken.join()} is` : `ports ${taken.join(', ')} are`
    return refused(`${which} taken: stop what listens there, or choose others with --ports A,B,C`)
  }
  if (gatewayPort === undefined) return refused('no port is free for the payment gateway')
  const directory = openDemoDirectory(deps.directory)
  return directory.ok
    ? ok({ ports: { eu, us, ap }, gatewayPort, directory: directory.value })
    : directory
}

/** Nobody calls the gateway but the nodes. */
const anyPort = 0

const secret = ({ random }: StoryDeps, bytes: number, encoding: 'hex' | 'base64url'): string =>
  Buffer.from(random(bytes)).toString(encoding)

const interrupted = ({ signal }: StoryDeps): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}

const sayDied = ({ stderr }: StoryDeps, { name, how, lines }: DeadNode): number => {
  stderr.write(`\nThe process ${name} has ended (${how}). The last that it said:\n`)
  for (const line of lines) stderr.write(`  ${line}\n`)
  return exitCodes.rejected
}
