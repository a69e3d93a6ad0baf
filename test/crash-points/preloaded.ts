/** Runs the writer under the shim, on a directory made of an image, and brings back the trace. */

import { spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Image } from './disk.ts'
import { parseTrace, type Event } from './trace.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** Memory is a disk that costs no time; what a real one keeps is worked out from the trace anyway. */
const fastDirectory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export interface Workshop {
  /** A directory that is not there yet. */
  place(): string
  remove(path: string): void
  run(plan: RunPlan): Promise<Run>
  close(): void
}

export interface RunPlan {
  readonly from: Image
  /** What goes wrong, in the words of `shim.c`; nothing if it is left out. */
  readonly crash?: string
  readonly seed: number
  readonly run: number
  readonly groups: number
  readonly synchronous?: string
}

export interface Run {
  readonly events: readonly Event[]
  readonly end: { readonly code: number | null; readonly signal: string | null }
  readonly complaints: string
  /** What the process really left behind, and what number each file had before it began. */
  readonly left: Image
  readonly fileNumbers: ReadonlyMap<string, bigint>
}

/** Why the shim cannot be made or used here, or undefined if it can. */
export const whyNoShim = (): string | undefined => {
  if (process.platform !== 'linux') return 'the shim is preloaded as Linux does it'
  const compiler = spawnSync('cc', ['--version'])
  return compiler.status === 0 ? undefined : 'there is no C compiler called cc'
}

/** Compiles the shim. */
export const openWorkshop = (): Workshop => {
  const root = mkdtempSync(join(fastDirectory, 'atoll-crash-'))
  const shim = join(root, 'shim.so')
  const flags = ['-shared', '-fPIC', '-O2', '-Wall', '-Wextra', '-Werror']
  const compiled = spawnSync('cc', [...flags, '-o', shim, here('shim.c'), '-ldl', '-lpthread'])
  if (compiled.status !== 0)
    throw new Error(`The shim does not compile:\n${String(compiled.stderr)}`)
  let places = 0
  const place = () => join(root, `${++places}`)
  const remove = (path: string) => rmSync(path, { recursive: true, force: true })
  return {
    place,
    remove,
    run: async (plan) => {
      const directory = place()
      const trace = `${directory}.trace`
      try {
        materialise(plan.from, directory)
        const fileNumbers = fileNumbersIn(directory)
        const ended = await runWriter({ shim, directory, trace }, plan)
        const events = parseTrace(readFileSync(trace))
        return { ...ended, events, left: readImage(directory), fileNumbers }
      } finally {
        remove(directory)
        remove(trace)
      }
    },
    close: () => remove(root),
  }
}

const runWriter = (
  files: { readonly shim: string; readonly directory: string; readonly trace: string },
  { crash, seed, run, groups, synchronous }: RunPlan,
): Promise<Pick<Run, 'end' | 'complaints'>> =>
  new Promise((resolve, reject) => {
    const options = {
      directory: join(files.directory, 'data'),
      seed: `${seed}`,
      run: `${run}`,
      groups: `${groups}`,
      synchronous: synchronous ?? '',
    }
    const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
    const child = spawn(process.execPath, [here('writer.ts'), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        PATH: process.env['PATH'] ?? '',
        LD_PRELOAD: files.shim,
        ATOLL_CRASH_DIRECTORY: files.directory,
        ATOLL_CRASH_TRACE: files.trace,
        ...(crash ? { ATOLL_CRASH: crash } : {}),
      },
    })
    let complaints = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ end: { code, signal }, complaints }))
  })

/** Makes the files of an image under `directory`. */
export const materialise = (image: Image, directory: string): void => {
  mkdirSync(directory)
  // By name, so that a directory comes before what is in it.
  for (const name of [...image.keys()].sort()) {
    const bytes = image.get(name)!
    const path = join(directory, name)
    if (bytes === 'directory') mkdirSync(path)
    else writeFileSync(path, bytes)
  }
}

const pathsIn = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.endsWith('-shm'))
    .sort()

const readImage = (directory: string): Image =>
  new Map(
    pathsIn(directory).map((name) => {
      const path = join(directory, name)
      return [name, statSync(path).isDirectory() ? ('directory' as const) : readFileSync(path)]
    }),
  )

const fileNumbersIn = (directory: string): ReadonlyMap<string, bigint> =>
  new Map(
    pathsIn(directory).map((name) => [name, statSync(join(directory, name), { bigint: true }).ino]),
  )
