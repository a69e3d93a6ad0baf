/** What dashboards and alerts ask for is what nodes tell: names, kinds and labels, against running nodes. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { textOf, yamlAt } from '../../unit/deploy/files.ts'
import { cleanUpProcesses, freePort, newDataDir, request, startProcess } from '../node-process.ts'
import { eventually } from '../node-under-test.ts'
import { isMissing } from '../services.ts'

const skip = isMissing(
  'promtool',
  spawnSync('promtool', ['--version']).error === undefined
    ? undefined
    : 'promtool was not found (on Debian: apt-get install prometheus)',
)

interface Board {
  readonly uid: string
  readonly panels: readonly {
    readonly id: number
    readonly title: string
    readonly targets: readonly { readonly expr: string }[]
  }[]
}

const boards = readdirSync('deploy/grafana/dashboards').map(
  (file) => JSON.parse(textOf(`deploy/grafana/dashboards/${file}`)) as Board,
)
const rules = (
  yamlAt('deploy/prometheus/alerts.yml') as {
    readonly groups: readonly {
      readonly rules: readonly { readonly alert: string; readonly expr: string }[]
    }[]
  }
).groups.flatMap((group) => group.rules)

const asked = [
  ...boards.flatMap(({ uid, panels }) =>
    panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({ where: `${uid}: ${title}`, expr })),
    ),
  ),
  ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
]

/** Of the scrape, by Prometheus itself. */
const told = new Set(['job', 'instance', 'node'])
const kinds = new Map<string, string>()

beforeAll(async () => {
  const ports = [await freePort(), await freePort()]
  const nodes = await Promise.all(
    ports.map((port, index) =>
      startProcess({
        name: ['eu', 'us'][index] ?? '',
        port,
        dataDir: newDataDir(),
        peers: ports.filter((other) => other !== port),
      }),
    ),
  )
  const url = nodes[0]?.url ?? ''
  await eventually(async () => {
    const { text } = await request(url, 'GET', '/metrics')
    if (!text.includes('atoll_peer_connected{peer="us"} 1')) throw new Error(text)
  })
  const { text } = await request(url, 'GET', '/metrics')
  for (const [, name = '', kind = ''] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm))
    kinds.set(name, kind)
  for (const [, name = ''] of text.matchAll(/[{,](\w+)="/g)) told.add(name)
  // Of counters that nothing has counted yet; their names are in the source.
  told.add('event').add('outcome')
})

afterAll(cleanUpProcesses)

describe('every expression', () => {
  test('asks for metrics that a node has, each as its kind wants it', () => {
    const wrong = asked.flatMap(({ where, expr }) =>
      [...expr.matchAll(/\b(?:atoll|nodejs|process)_\w+/g)]
        .map(([name]) => name)
        .filter((name) => {
          const of = name.replace(/_(bucket|sum|count)$/, '')
          const isCounted = /_total$|_(bucket|sum|count)$/.test(name)
          if (kinds.get(of) === 'histogram') return of === name
          return !kinds.has(name) || (kinds.get(name) === 'counter') !== isCounted
        })
        .map((name) => `${where}: ${name}`),
    )
    expect(wrong).toEqual([])
    expect(asked.length).toBeGreaterThan(30)
  })

  test('knows only labels that are there', () => {
    const wrong = asked.flatMap(({ where, expr }) =>
      [
        ...[...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = '']) =>
          [...inside.matchAll(/(\w+)\s*[=!]~?"/g)].map(([, label = '']) => label),
        ),
        ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/)),
      ]
        .filter((label) => !told.has(label))
        .map((label) => `${where}: ${label}`),
    )
    expect(wrong).toEqual([])
  })
})

describe.skipIf(skip)('Prometheus', () => {
  const promtool = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' })
    return { status, output: stdout + stderr }
  }

  test('takes the configuration and the rules', () => {
    expect(promtool('check', 'config', 'deploy/prometheus/prometheus.yml')).toMatchObject({
      status: 0,
    })
  })

  test('fires the alerts when they should, and not before', () => {
    const { status, output } = promtool('test', 'rules', 'deploy/prometheus/alerts.test.yml')
    expect(`${output}${status}`).toMatch(/SUCCESS\s*0$/)
  })

  test("understands every panel's question", () => {
    const whole = asked.map(({ expr }, index) => ({
      record: `asked_${index}`,
      expr: expr.replaceAll('$__rate_interval', '1m'),
    }))
    const directory = mkdtempSync(join(tmpdir(), 'atoll-rules-'))
    const file = join(directory, 'rules.yml')
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'asked', rules: whole }] }))
    expect(promtool('check', 'rules', file)).toMatchObject({ status: 0 })
    rmSync(directory, { recursive: true })
  })
})

test('every dashboard has a name of its own, and no two of its panels one number', () => {
  expect(new Set(boards.map(({ uid }) => uid)).size).toBe(boards.length)
  for (const { panels } of boards)
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
})
