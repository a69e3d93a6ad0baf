/** The module built another way than for use: with a sanitizer, or telling what of it was run. */

import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { findHeaders, findNodeGyp } from '../toolchain.ts'

export const compiler = process.env['CXX'] ?? 'c++'

const shared =
  '-shared -fPIC -std=c++20 -O1 -g -pthread -Wno-tsan -Wl,-z,nodelete -DNAPI_VERSION=8 -DNAPI_CPP_EXCEPTIONS -DNODE_GYP_MODULE_NAME=lagoon'.split(
    ' ',
  )

/** Builds it into `file`; answers whether that went well, and says what did not. */
export const buildVariant = (
  file: string,
  flags: readonly string[],
  more: readonly string[] = [],
): boolean => {
  const nodeGyp = findNodeGyp()
  const headers = nodeGyp === undefined ? undefined : findHeaders(nodeGyp)
  if (headers === undefined) {
    process.stderr.write('The headers of Node were not found\n')
    return false
  }
  const addonApi = dirname(createRequire(import.meta.url).resolve('node-addon-api'))
  const binding = join(import.meta.dirname, '..', 'src', 'binding')
  const { status, error } = spawnSync(
    compiler,
    [
      ...shared,
      ...flags,
      `-I${join(headers, 'include', 'node')}`,
      `-I${addonApi}`,
      ...globSync(join(binding, '*.cpp')),
      ...more,
      '-o',
      file,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  if (error) process.stderr.write(`${compiler}: ${error.message}\n`)
  return status === 0
}
