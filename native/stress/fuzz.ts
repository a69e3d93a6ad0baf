/**
 * Fuzzes the binding: programs of calls with arguments of every kind, led by what of the C++ module they
 * run, against the twin in plain TypeScript. `--full` tries ten million; `--seed N` begins elsewhere;
 * `--replay HEX` runs one input that was found.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildVariant } from './variant.ts'

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    inputs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    replay: { type: 'string' },
  },
})
const inputs = values.inputs ?? (values.full ? '10000000' : '100000')

const folder = mkdtempSync(join(tmpdir(), 'atoll-fuzz-'))
try {
  const module = join(folder, 'lagoon.node')
  const flags = ['-fsanitize-coverage=trace-pc', '-DLAGOON_COVERAGE']
  if (!buildVariant(module, flags, [join(import.meta.dirname, 'coverage.cpp')])) {
    process.exitCode = 1
  } else {
    const file = join(folder, 'input')
    const program = join(import.meta.dirname, 'fuzz-inputs.ts')
    const replayed = values.replay === undefined ? [] : [values.replay]
    const { status, signal } = spawnSync(
      process.execPath,
      [program, module, file, inputs, values.seed, ...replayed],
      { stdio: 'inherit' },
    )
    if (signal !== null && values.replay === undefined) {
      const [length = 0, ...bytes] = readFileSync(file)
      const input = Buffer.from(bytes.slice(0, length)).toString('hex')
      process.stdout.write(`FOUND: the process died by ${signal}\ninput: ${input}\n`)
    }
    process.exitCode = status === 0 ? 0 : 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
