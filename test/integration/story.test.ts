/** The story as a newcomer runs it: three real nodes, and everything it prints about them. */

import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseFlags } from '../../node/story/flags.ts'
import { systemProcesses } from '../../node/story/processes.ts'
import { runStory } from '../../node/story/story.ts'
import * as system from '../../node/system.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const program = fileURLToPath(new URL('../../node/main.ts', import.meta.url))
let home = ''

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'atoll-story-'))
})

afterEach(() => rm(home, { recursive: true, force: true }))

interface Told {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

const begin = (...args: readonly string[]) =>
  spawn(process.execPath, [program, 'story', '--fast', ...args], {
    cwd: home,
    stdio: ['ignore', 'pipe', 'pipe'],
  })

const tell = (...args: readonly string[]): Promise<Told> => {
  const child = begin('--exit', ...args)
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()))
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, ...said }))
  })
}

const urlsIn = (out: string): readonly string[] => [
  ...new Set(out.match(/http:\/\/127\.0\.0\.1:\d+/g)),
]

const whatLives = async (urls: readonly string[]): Promise<readonly string[]> => {
  const answers = await Promise.all(
    urls.map((url) =>
      fetch(`${url}/live`).then(
        () => url,
        () => undefined,
      ),
    ),
  )
  return answers.filter((url) => url !== undefined)
}

describe('npm start', () => {
  test('tells the story, proves it, and leaves nothing running', { timeout: 120_000 }, async () => {
    const { code, out, err } = await tell('--ports', '0,0,0')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).not.toContain('✗')
    expect(out.match(/✓ .*/g)).toEqual([
      '✓ The three shops are equal',
      '✓ Nothing that was acknowledged is lost',
      '✓ Every region kept serving while the cable was cut',
      '✓ The cart adds up: 2 from eu and 3 from us are 5',
      '✓ What was put in again is there: eu took out only what it had seen',
      '✓ An intent that reached two regions counts once',
      '✓ One price holds everywhere, and the other is kept beside it',
      '✓ Tags: summer-sale is off, new-season is on, and of off and on at once, on stays',
      '✓ What was deleted is gone everywhere, and the edit it met is kept and listed',
      '✓ Two products created with one SKU met in one, and neither name is lost',
      '✓ The last units were sold on both sides, and no unit twice',
      '✓ One decision at one node settles it on all',
      '✓ The merged store holds what all three nodes hold',
    ])
    expect(out).toContain('All 13 proofs hold.')

    expect(out).not.toContain('\u001b')
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)

    expect(urlsIn(out)).toHaveLength(4)
    expect(await whatLives(urlsIn(out))).toEqual([])
  })

  test(
    'takes its nodes and the gateway with it, even when it is killed',
    { timeout: 60_000 },
    async () => {
      const child = begin('--ports', '0,0,0')
      let out = ''
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
      await expect.poll(() => urlsIn(out), { timeout: 30_000 }).toHaveLength(4)
      expect(await whatLives(urlsIn(out))).toEqual(urlsIn(out))
      child.kill('SIGKILL')
      await expect.poll(() => whatLives(urlsIn(out)), { timeout: 15_000 }).toEqual([])
    },
  )

  test('tells it of a Shopify CSV too', { timeout: 120_000 }, async () => {
    const catalog = join(home, 'products.csv')
    const rows = Array.from({ length: 9 }, (_, at) => [
      `thing-${at},Thing ${at},Kin,Things,true,Size,S,T-${at}-S,${at + 5}.00,active`,
      `thing-${at},,,,,,L,T-${at}-L,${at + 6}.00,`,
    ])
    const columns =
      'Handle,Title,Vendor,Type,Published,Option1 Name,Option1 Value,Variant SKU,Variant Price,Status'
    await writeFile(catalog, [columns, ...rows.flat()].join('\n'))
    const flags = parseFlags(['--exit', '--fast', '--ports', '0,0,0', '--catalog', catalog])
    if (!flags.ok || flags.value === 'help') throw new Error('these are flags of a story')
    const said = { out: '', err: '' }
    const code = await runStory(
      {
        stdout: { write: (text) => (said.out += text) },
        stderr: { write: (text) => (said.err += text) },
        env: process.env,
        fetch,
        clock: system.systemClock,
        timers: system.systemTimers,
        random: system.systemRandom,
        processes: systemProcesses,
        directory: join(home, 'demo'),
        signal: new AbortController().signal,
      },
      flags.value,
    )
    expect({ code, err: said.err }).toEqual({ code: 0, err: '' })
    expect(said.out).toContain('9 products of products.csv')
    expect(said.out).toContain('All 13 proofs hold.')
  })

  test('says that a catalog is too small for it', { timeout: 60_000 }, async () => {
    const lines = [1, 2, 3].map((at) => ({ sku: `S-${at}`, name: `Thing ${at}`, price: 9.5 }))
    const catalog = join(home, 'small.ndjson')
    await writeFile(catalog, lines.map((line) => JSON.stringify(line)).join('\n'))
    const { code, err } = await tell('--ports', '0,0,0', '--catalog', catalog)
    expect(err).toContain('the story needs at least 8 products')
    expect(code).toBe(2)
  })
})
