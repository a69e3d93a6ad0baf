/** Where node-gyp and Node's headers are on this machine: for the module's build and for its variants. */

import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'

/** npm brings node-gyp along, and says where when it is npm that runs this. */
export const findNodeGyp = (): string | undefined => {
  const told = process.env['npm_config_node_gyp']
  if (told !== undefined && existsSync(told)) return told
  return [import.meta.filename, npmOnPath()]
    .filter((from) => from !== undefined)
    .map(nodeGypSeenFrom)
    .find((found) => found !== undefined)
}

/**
 * The folder whose `include/node` has the headers that came with npm's Node. The module uses Node-API
 * alone, so any Node's will do, and nothing need be fetched.
 */
export const findHeaders = (nodeGyp: string): string | undefined => {
  for (let folder = dirname(nodeGyp); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'include', 'node', 'node_api.h'))) return folder
  }
  return undefined
}

const npmOnPath = (): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'npm'))
    .filter((path) => existsSync(path))
    .map((path) => realpathSync(path))[0]

const nodeGypSeenFrom = (file: string): string | undefined => {
  try {
    return createRequire(file).resolve('node-gyp/bin/node-gyp.js')
  } catch {
    return undefined
  }
}
