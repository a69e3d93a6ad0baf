/**
 * Builds `stress.cpp` under each sanitizer and runs it: races, memory errors with leaks, undefined
 * behaviour; then the module itself under the first two, in the Node that runs this; then `proof.cpp`
 * without any, which counts what the structures promise. A sanitizer counts only where it also reports
 * the mistakes of `planted.cpp`. `--full` does far more of the
 * first, and the last at its whole size.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildVariant, compiler } from './variant.ts'

const sanitizers = ['thread', 'address', 'undefined'] as const
const isFull = process.argv.includes('--full')
// Where a queue frees its nodes too early, the address sanitizer finds it from some 200 on.
const scaleBySanitizer = isFull
  ? { thread: 1_000, address: 1_000, undefined: 1_000 }
  : { thread: 5, address: 200, undefined: 5 }
const proofShare = isFull ? 1 : 0.002
const addonSeconds = isFull ? 60 : 2

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

const run = (
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): boolean => {
  const { status, error } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (error) process.stderr.write(`${command}: ${error.message}\n`)
  return status === 0
}

const build = (source: string, program: string, sanitizer: string): boolean =>
  run(compiler, [
    ...flags,
    `-fsanitize=${sanitizer}`,
    '-fno-sanitize-recover=all',
    source,
    '-o',
    program,
  ])

const planted = join(import.meta.dirname, 'planted.cpp')

interface Mistake {
  readonly name: string
  readonly report: string
}

const mistakesBySanitizer: Readonly<Record<(typeof sanitizers)[number], readonly Mistake[]>> = {
  thread: [{ name: 'race', report: 'ThreadSanitizer: data race' }],
  address: [
    { name: 'overflow', report: 'AddressSanitizer: use-after-poison' },
    { name: 'use-after-free', report: 'AddressSanitizer: use-after-poison' },
    { name: 'leak', report: 'LeakSanitizer: detected memory leaks' },
  ],
  undefined: [{ name: 'undefined', report: 'runtime error: signed integer overflow' }],
}

/** Whether the program fails with this report: it was told to make a mistake. */
const reports = (
  report: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): boolean => {
  const { status, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    // Its two threads wait for each other: one that does not come is a failure, and no reason to hang.
    timeout: 60_000,
    env: { ...process.env, ...env },
  })
  const isSeen = status !== 0 && stderr.includes(report)
  const mistake = env['ATOLL_PLANTED'] ?? args.join(' ')
  process.stdout.write(`planted ${mistake}: ${isSeen ? 'seen' : 'NOT SEEN'}\n`)
  return isSeen
}

/** What Node does itself is not looked at: its leaks at exit, and its races that only seem so from outside. */
const options = {
  address: { ASAN_OPTIONS: 'detect_leaks=0' },
  thread: { TSAN_OPTIONS: 'ignore_noninstrumented_modules=1 exitcode=66' },
} as const

/** The sanitizer's library comes first in a Node that was built without it. */
const useModule = (folder: string, sanitizer: keyof typeof options): boolean => {
  const module = join(folder, `${sanitizer}.node`)
  const moduleFlags = [`-fsanitize=${sanitizer}`, '-fno-sanitize-recover=all', '-DLAGOON_PLANTED']
  if (!buildVariant(module, moduleFlags, [planted])) return false
  const library = sanitizer === 'address' ? 'libasan.so' : 'libtsan.so'
  const { stdout } = spawnSync(compiler, [`-print-file-name=${library}`], { encoding: 'utf8' })
  const env = { LD_PRELOAD: stdout.trim(), ...options[sanitizer] }
  const program = (name: string) => join(import.meta.dirname, name)
  // Node's own leaks are not looked for there, so this one would not be, either.
  const mistakes = mistakesBySanitizer[sanitizer].filter(({ name }) => name !== 'leak')
  return (
    mistakes.every(({ name, report }) =>
      reports(report, process.execPath, [program('planted-use.ts'), module], {
        ...env,
        ATOLL_PLANTED: name,
      }),
    ) &&
    run(process.execPath, [program('addon-use.ts'), module, String(addonSeconds)], env) &&
    run(process.execPath, [program('fuzz-inputs.ts'), module, `${module}.input`, '2000'], env)
  )
}

const folder = mkdtempSync(join(tmpdir(), 'atoll-stress-'))
let failed = 0
try {
  for (const sanitizer of sanitizers) {
    const program = join(folder, sanitizer)
    const source = join(import.meta.dirname, 'stress.cpp')
    process.stdout.write(`sanitizer: ${sanitizer}\n`)
    const isClean =
      build(source, program, sanitizer) && run(program, [String(scaleBySanitizer[sanitizer])])
    const mistaken = `${program}-planted`
    const sees =
      build(planted, mistaken, sanitizer) &&
      mistakesBySanitizer[sanitizer].every(({ name, report }) => reports(report, mistaken, [name]))
    if (!isClean || !sees) failed++
  }
  for (const sanitizer of ['address', 'thread'] as const) {
    process.stdout.write(`the module in Node, sanitizer: ${sanitizer}\n`)
    if (!useModule(folder, sanitizer)) failed++
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
process.stdout.write(`${sanitizers.length + 3 - failed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
