import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDemoDirectory } from '../../../../node/story/demo-directory.ts'
import { parseFlags, type StoryFlags } from '../../../../node/story/flags.ts'
import { runStory } from '../../../../node/story/story.ts'
import { createProcesses, createReader } from './reader.ts'

let home = ''
let directory = ''

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'atoll-story-'))
  directory = join(home, '.atoll', 'demo')
})

afterEach(() => rm(home, { recursive: true, force: true }))

const flagsOf = (...args: readonly string[]): StoryFlags => {
  const parsed = parseFlags([...args, '--exit', '--fast'])
  if (!parsed.ok || parsed.value === 'help') throw new Error('these are flags of a story')
  return parsed.value
}

describe('a story that cannot begin', () => {
  test('names the ports that are taken, and starts nothing', async () => {
    const processes = createProcesses({ taken: [4001, 4003] })
    const { deps, err } = createReader({ processes, directory })
    expect(await runStory(deps, flagsOf())).toBe(2)
    expect(err()).toBe(
      'npm start: ports 4001, 4003 are taken: stop what listens there, or choose others with --ports A,B,C\n',
    )
    expect(processes.all).toEqual([])
    expect(existsSync(directory)).toBe(false)
  })

  test('names a catalog that cannot be read or is none', async () => {
    const list = join(home, 'list.json')
    await writeFile(list, '[]')
    for (const catalog of [join(home, 'missing.ndjson'), list]) {
      const processes = createProcesses()
      const { deps, err } = createReader({ processes, directory })
      expect(await runStory(deps, flagsOf('--catalog', catalog))).toBe(2)
      expect(err()).toMatch(/^npm start: .*(missing|list)\..*\n$/)
      expect(processes.all).toEqual([])
    }
  })

  test('leaves the nodes of another story alone', async () => {
    const other = openDemoDirectory(directory)
    const processes = createProcesses()
    const { deps, err } = createReader({ processes, directory })
    expect(await runStory(deps, flagsOf())).toBe(2)
    expect(err()).toContain('another story runs there')
    expect(processes.all).toEqual([])
    if (other.ok) other.value.close()
  })
})

describe('a story that has begun', () => {
  test('clears what earlier stories left, and nothing beside it', async () => {
    const left = join(directory, 'eu')
    const kept = join(home, '.atoll', 'local')
    for (const path of [left, kept]) {
      await mkdir(path, { recursive: true })
      await writeFile(join(path, 'atoll.db'), 'data')
    }
    const opened = openDemoDirectory(directory)
    expect(existsSync(left)).toBe(false)
    expect(existsSync(join(kept, 'atoll.db'))).toBe(true)
    if (opened.ok) opened.value.close()
  })

  test('ends with 1 when a node dies, says what it last said, and stops the others', async () => {
    const processes = createProcesses({ log: 'Error: no such module\n' })
    const { deps, err, out } = createReader({ processes, directory })
    const told = runStory(deps, flagsOf())
    await expect.poll(() => processes.all.length).toBe(4)
    const ap = processes.all.find(({ started }) => started.args.includes('--name=ap'))
    ap?.end('exit code 1')
    expect(await told).toBe(1)
    expect(err()).toContain('The process ap has ended (exit code 1). The last that it said:')
    expect(err()).toContain('  Error: no such module')
    expect(processes.all.map(({ asked }) => asked)).toEqual(
      Array.from({ length: 4 }, () => ['stop']),
    )
    expect(out()).toMatch(/Stopping eu, us, ap and the gateway … stopped\.\n$/)
  })

  test('ends with 130 when it is interrupted, and stops its nodes', async () => {
    const processes = createProcesses()
    const { deps, interrupt } = createReader({ processes, directory })
    const told = runStory(deps, flagsOf())
    await expect.poll(() => processes.all.length).toBe(4)
    interrupt()
    expect(await told).toBe(130)
    expect(processes.all.map(({ asked }) => asked)).toEqual(
      Array.from({ length: 4 }, () => ['stop']),
    )
  })
})
