/**
 * Builds the C++ module when the package is installed. Where that cannot be done the package works all
 * the same, with its structures in plain TypeScript; this says so, and why.
 */

import { spawnSync } from 'node:child_process'
import { findHeaders, findNodeGyp } from './toolchain.ts'

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

const headers = (nodeGyp: string): Readonly<Record<string, string>> => {
  const folder = findHeaders(nodeGyp)
  return process.env['npm_config_nodedir'] !== undefined || folder === undefined
    ? {}
    : { npm_config_nodedir: folder }
}

const lastLines = (text: string): string =>
  text
    .split('\n')
    .filter((line) => /error|not found|no such file|unable/i.test(line))
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
