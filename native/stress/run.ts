/**
 * Builds `stress.cpp` under each sanitizer and runs it: races, memory errors with leaks, undefined
 * behaviour; then `proof.cpp` without any, which counts what the structures promise. `--full` does two
 * hundred times the work of the first, and the second at its whole size.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const sanitizers = ['thread', 'address', 'undefined'] as const
const isFull = process.argv.includes('--full')
const scale = isFull ? 1_000 : 5
const proofShare = isFull ? 1 : 0.002

const compiler = process.env['CXX'] ?? 'c++'
const flags = [
  '-std=c++20',
  '-O1',
  '-g',
  '-fno-omit-frame-pointer',
  '-pthread',
  '-Wall',
  '-Wextra',
  '-Wno-tsan',
]

const run = (command: string, args: readonly string[]): boolean => {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' })
  if (error) process.stderr.write(`${command}: ${error.message}\n`)
  return status === 0
}

const folder = mkdtempSync(join(tmpdir(), 'atoll-stress-'))
let failed = 0
try {
  for (const sanitizer of sanitizers) {
    const program = join(folder, sanitizer)
    const source = join(import.meta.dirname, 'stress.cpp')
    const options = [`-fsanitize=${sanitizer}`, '-fno-sanitize-recover=all', source, '-o', program]
    process.stdout.write(`sanitizer: ${sanitizer}\n`)
    const isClean = run(compiler, [...flags, ...options]) && run(program, [String(scale)])
    if (!isClean) failed++
  }
  process.stdout.write('proof: the promises, counted\n')
  const proof = join(folder, 'proof')
  const source = join(import.meta.dirname, 'proof.cpp')
  const isProven =
    run(compiler, [...flags, '-O2', source, '-o', proof]) && run(proof, [String(proofShare)])
  if (!isProven) failed++
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.stdout.write(`${sanitizers.length + 1 - failed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
