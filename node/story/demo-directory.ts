/**
 * The directory that the story's nodes live in: cleared at each start, and held so that a second story
 * does not clear it under the first.
 */

import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openDataDirectory } from '../core/data-directory.ts'
import { Fault } from '../fault.ts'
import { ok, refused, type Result } from '../result.ts'
import { forRegions, regions, type ByRegion } from './regions.ts'

export interface DemoDirectory {
  readonly path: string
  readonly dataDirs: ByRegion<string>
  readonly logFiles: ByRegion<string>
  readonly gatewayLogFile: string
  /** For what else the story has to keep while it runs. */
  readonly scratch: string
  close(): void
}

/** Opens `path` and clears what earlier stories left there, and nothing but that. */
export const openDemoDirectory = (path: string): Result<DemoDirectory, string> => {
  let held
  try {
    held = openDataDirectory(path)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const why = error.code === 'data_directory_in_use' ? 'another story runs there' : error.message
    return refused(`${path} cannot be used: ${why}`)
  }
  const dataDirs = forRegions((region) => join(path, region))
  const logFiles = forRegions((region) => join(path, `${region}.log`))
  const gatewayLogFile = join(path, 'gateway.log')
  const scratch = join(path, 'scratch')
  for (const region of regions) {
    rmSync(dataDirs[region], { recursive: true, force: true })
    rmSync(logFiles[region], { force: true })
  }
  rmSync(gatewayLogFile, { force: true })
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { mode: 0o700 })
  return ok({ path, dataDirs, logFiles, gatewayLogFile, scratch, close: held.close })
}
