/**
 * The image without an engine for images: every instruction of the Dockerfile is carried out in a
 * directory of its own, and its entry point and its health check run there.
 */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  environmentOf,
  isInContext,
  parseDockerfile,
  textsOf,
  type Stage,
} from '../../unit/deploy/dockerfile.ts'
import { textOf } from '../../unit/deploy/files.ts'
import { freePort, pause } from '../node-process.ts'
import { isMissing } from '../services.ts'

const missing = ['npm', 'make', 'c++', 'python3'].filter(
  (command) => spawnSync(command, ['--version']).error !== undefined,
)
const skip = isMissing(
  'image',
  missing.length > 0
    ? `${missing.join(', ')} not found`
    : process.getuid?.() === 0
      ? undefined
      : 'only root can give a directory to the user of the image',
)

const [build, image] = parseDockerfile(textOf('deploy/Dockerfile'))
if (build === undefined || image === undefined) throw new Error('two stages were expected')
const isIn = isInContext(textOf('.dockerignore'))
const root = mkdtempSync(join(tmpdir(), 'atoll-image-'))
const roots = { build: join(root, 'build'), image: join(root, 'image') }
// The image's Node is the one that runs this.
const path = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`
const children: ChildProcess[] = []

afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

/** A shell in a stage: absolute paths of the image lie below `at`. */
const shell = (command: string, at: string): void => {
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-ec', command.replaceAll('/var/lib/atoll', join(at, 'var/lib/atoll'))],
    {
      cwd: join(at, 'atoll'),
      encoding: 'utf8',
      env: { ...ownEnvironment, PATH: path, npm_config_prefer_offline: 'true' },
    },
  )
  if (status !== 0) throw new Error(`${command}\nended with ${status}:\n${stdout}\n${stderr}`)
}

// How npm reaches a registry is the machine's; what a script of npm told this process does not hold there.
const ownEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(package|lifecycle)_|INIT_CWD|NODE_ENV)/.test(name),
  ),
)

const carryOut = (stage: Stage, at: string): void => {
  mkdirSync(join(at, 'atoll'), { recursive: true })
  for (const { keyword, flags, text } of stage.instructions) {
    if (keyword === 'WORKDIR') expect(text).toBe('/atoll')
    else if (keyword === 'RUN' && text.startsWith('apt-get'))
      expect(text).toContain('g++ make python3')
    else if (keyword === 'RUN') shell(text, at)
    else if (keyword === 'COPY') {
      const [to = '', ...from] = text.split(' ').reverse()
      for (const source of from) {
        if (flags.includes('--from=build'))
          cpSync(join(roots.build, source), join(at, 'atoll'), { recursive: true })
        else {
          cpSync(source, join(at, 'atoll', to === './' ? source : to), {
            recursive: true,
            filter: (path) => isIn(path),
          })
        }
      }
    }
  }
}

const environment = async (overrides: Readonly<Record<string, string>> = {}) => ({
  PATH: path,
  ...environmentOf(image),
  ATOLL_DATA: join(roots.image, 'var/lib/atoll'),
  ATOLL_NAME: 'eu',
  ATOLL_PORT: `${await freePort()}`,
  ...overrides,
})

/** As the image's user, in its directory, with nothing but its environment. */
const asTheImage = (env: Readonly<Record<string, string>>) => ({
  cwd: join(roots.image, 'atoll'),
  env,
  uid: 1000,
  gid: 1000,
})

const commandOf = (keyword: string): readonly string[] =>
  JSON.parse(textsOf(image, keyword)[0]?.replace(/^.*?CMD /, '') ?? '[]') as string[]

const isHealthy = (env: Readonly<Record<string, string>>): boolean => {
  const [command = '', ...args] = commandOf('HEALTHCHECK')
  return spawnSync(command, args, { ...asTheImage(env), timeout: 3_000 }).status === 0
}

describe.skipIf(skip)('the image', () => {
  beforeAll(() => {
    chmodSync(root, 0o755)
    carryOut(build, roots.build)
    carryOut(image, roots.image)
  }, 240_000)

  test('holds the native module, and no package that only development needs', () => {
    const { packages } = JSON.parse(textOf('package-lock.json')) as {
      readonly packages: Readonly<
        Record<string, { readonly dev?: boolean; readonly optional?: boolean }>
      >
    }
    const isThere = (path: string) => existsSync(join(roots.image, 'atoll', path))
    const installed = Object.entries(packages).filter(([path]) => path !== '')
    expect(installed.filter(([path, { dev }]) => dev && isThere(path))).toEqual([])
    const needed = installed.filter(([, { dev, optional }]) => !dev && !optional)
    expect(needed.filter(([path]) => !isThere(path))).toEqual([])
    expect(isThere('native/build/Release/lagoon.node')).toBe(true)
    expect(isThere('test')).toBe(false)
  })

  test('starts a node as its own user, which is healthy when it is ready and stops when it is asked', async () => {
    const env = await environment()
    expect(isHealthy(env)).toBe(false)

    const [command = '', ...args] = [...commandOf('ENTRYPOINT'), ...commandOf('CMD')]
    const child = spawn(command, args, { ...asTheImage(env), stdio: ['ignore', 'pipe', 'pipe'] })
    children.push(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    const ended = new Promise<number | string | null>((resolve) => {
      child.once('close', (code, signal) => resolve(signal ?? code))
    })
    const url = `http://127.0.0.1:${env['ATOLL_PORT']}`
    for (;;) {
      if (child.exitCode !== null) throw new Error(output)
      const answer = await fetch(`${url}/ready`).catch(() => undefined)
      if (answer?.ok) break
      await pause(20)
    }
    expect(isHealthy(env)).toBe(true)

    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(isHealthy(env)).toBe(false)
  })

  test('is the other commands too: what follows the image is the command', () => {
    const [command = '', ...args] = commandOf('ENTRYPOINT').concat('verify', '--help')
    const { status, stdout } = spawnSync(command, args, {
      ...asTheImage({ PATH: path }),
      encoding: 'utf8',
    })
    expect(status).toBe(0)
    expect(stdout).toContain('atoll verify')
  })
})
