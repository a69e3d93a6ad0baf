/** The front of a node: who listens on its port. Workers, if there are to be any and can be; else one thread. */

import { loadMemory } from '../../native/load.ts'
import type { Memory } from '../../native/memory.ts'
import type { Clock } from '../../sync/surroundings.ts'
import type { Config } from '../config.ts'
import { answeringBy, listen, type Server, type UpgradeHandlers } from '../http/server.ts'
import type { Log } from '../log.ts'
import { createCrew, type CrewDeps } from './crew.ts'

export interface FrontDeps extends Omit<CrewDeps, 'memory' | 'answering' | 'monotonic'> {
  readonly clock: Clock
  readonly onUpgrade: UpgradeHandlers
}

export interface FrontOptions {
  readonly config: Pick<Config, 'name' | 'host' | 'port' | 'workers' | 'corsOrigins' | 'logLevel'>
  readonly databaseFile: string
  readonly clusterSecret: Uint8Array
}

/** Rejects with a message for the operator if nobody can listen. */
export const openFront = (
  deps: FrontDeps,
  { config, databaseFile, clusterSecret }: FrontOptions,
): Promise<Server> => {
  const { app, onUpgrade, clock, log } = deps
  const { name, host, port, workers, corsOrigins, logLevel } = config
  const memory = workers > 0 ? memoryOfWorkers(log) : undefined
  if (!memory) return listen({ app, host, port, onUpgrade })
  return createCrew(
    {
      ...deps,
      memory,
      monotonic: () => clock.monotonic(),
      answering: answeringBy(app, onUpgrade),
    },
    { node: name, count: workers, host, port, databaseFile, clusterSecret, corsOrigins, logLevel },
  )
}

/** What the core's thread and its workers share; undefined where there can be no workers. */
const memoryOfWorkers = (log: Log): Memory | undefined => {
  const { memory, missing } = loadMemory()
  const reason = !memory.isShared
    ? `the C++ module cannot be used: ${missing ?? 'it is not shared'}`
    : process.platform !== 'linux'
      ? 'only Linux deals out the connections of one port to several threads'
      : undefined
  if (reason === undefined) return memory
  log.warn({ reason }, 'there are no workers: one thread answers all requests')
  return undefined
}
