/** The program: finds the command and gives it the real world. Commands load only what they need. */

import { enableCompileCache } from 'node:module'
import type { ProcessDeps } from './cli/command.ts'
import { keepHeapSmall } from './cli/small-heap.ts'
import { keepHeapSteady } from './cli/steady-heap.ts'
import * as system from './system.ts'

const usage = `atoll COMMAND

  node                      runs one node
  gateway                   a payment gateway that moves no money, for trying things out
  story                     three nodes, a cut cable, and the proof that nothing is lost
  import FILE --to URL      a catalog file (NDJSON or Shopify CSV) into a node
  import-locations FILE --to URL
                            a list of stores into a node, as locations of stock
  export FILE --from URL    the catalog back out
  migrate --to URL          brings the merged store's tables up to date
  verify DIR                proves a data directory
  rebuild DIR               makes all that is derived from base and log anew
  quarantine DIR            replicas of which two histories were found; --lift trusts one again
  backup DIR FILE           a copy of a data directory, while its node runs
  restore FILE DIR          a data directory from a backup

"atoll COMMAND --help" tells more about one.
`

// Compiled modules are kept in the system's directory for such, so that the next start need not compile
// them: of a node that is restarted it takes a third of the time to be ready.
enableCompileCache()

const interrupted = new AbortController()
const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // Who asks twice does not want to wait.
      if (interrupted.signal.aborted) process.exit(130)
      interrupted.abort()
      resolve()
    })
  }
})

const deps: ProcessDeps = {
  keepHeapSmall,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: interrupted.signal,
  clock: system.systemClock,
  timers: system.systemTimers,
  random: system.systemRandom,
  fetch: globalThis.fetch,
}

const run = async (command: string | undefined, args: readonly string[]): Promise<number> => {
  switch (command) {
    case 'node': {
      keepHeapSteady(system.backgroundTimers)
      const { nodeCommand } = await import('./cli/node.ts')
      return nodeCommand({ ...deps, stopped, exit: (code) => process.exit(code) }, args)
    }
    case 'gateway':
      return (await import('./cli/gateway.ts')).gatewayCommand({ ...deps, stopped }, args)
    case 'story':
      return (await import('./story/story.ts')).storyCommand(deps, args)
    case 'import':
      return (await import('./cli/import.ts')).importCommand(deps, args)
    case 'import-locations':
      return (await import('./cli/import-locations.ts')).importLocationsCommand(deps, args)
    case 'export':
      return (await import('./cli/export.ts')).exportCommand(deps, args)
    case 'migrate':
      return (await import('./cli/migrate.ts')).migrateCommand(deps, args)
    case 'verify':
      return (await import('./cli/storage.ts')).verifyCommand(deps, args)
    case 'rebuild':
      return (await import('./cli/storage.ts')).rebuildCommand(deps, args)
    case 'backup':
      return (await import('./cli/storage.ts')).backupCommand(deps, args)
    case 'restore':
      return (await import('./cli/storage.ts')).restoreCommand(deps, args)
    case 'quarantine':
      return (await import('./cli/quarantine.ts')).quarantineCommand(deps, args)
    case 'help':
    case '--help':
      process.stdout.write(usage)
      return 0
    default:
      if (command !== undefined) {
        process.stderr.write(`atoll: there is no command "${command}"\n\n`)
      }
      process.stderr.write(usage)
      return 2
  }
}

const [, , command, ...args] = process.argv
process.exitCode = await run(command, args)
