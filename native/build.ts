/**
 * Builds the C++ module when the package is installed. Where that cannot be done the package works all
 * the same, with its structures in plain TypeScript; this says so, and why.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'

/** npm brings node-gyp along, and says where when it is npm that runs this. */
const findNodeGyp = (): string | undefined => {
  const told = process.env['npm_config_node_gyp']
  if (told !== undefined && existsSync(told)) return told
  return [import.meta.filename, npmOnPath()]
    .filter((from) => from !== undefined)
    .map(nodeGypSeenFrom)
    .find((found) => found !== undefined)
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

const build = (): string | undefined => {
  const nodeGyp = findNodeGyp()
  if (nodeGyp === undefined) return 'node-gyp was not found; npm has one'
  const { status, stdout, stderr } = spawnSync(process.execPath, [nodeGyp, 'rebuild'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    env: { ...process.env, ...headers(nodeGyp) },
  })
  return status === 0 ? undefined : lastLines(`${stdout}\n${stderr}`)
}

// The module uses Node-API alone, so any Node's headers will do: those that came with the machine's npm
// are there already, and nothing need be fetched.
const headers = (nodeGyp: string): Readonly<Record<string, string>> => {
  if (process.env['npm_config_nodedir'] !== undefined) return {}
  for (let folder = dirname(nodeGyp); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'include', 'node', 'node_api.h')))
      return { npm_config_nodedir: folder }
  }
  return {}
}

const lastLines = (text: string): string =>
  text
    .split('\n')
    .filter((line) => /error|not found|unable/i.test(line))
    .slice(0, 5)
    .join('\n')

const problem = build()
if (problem !== undefined) {
  process.stdout.write(
    [
      'atoll: the C++ module was not built, so a node runs in one thread, with the same structures in',
      'plain TypeScript. It takes Python 3 and a C++20 compiler (on Debian: apt-get install g++ make',
      'python3); then run "npm rebuild" here. What went wrong:',
      problem,
      '',
    ].join('\n'),
  )
}
