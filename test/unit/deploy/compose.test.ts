import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../node/config.ts'
import { settings } from '../../../node/settings.ts'
import { environmentOf, parseDockerfile } from './dockerfile.ts'
import { environmentFile, filledIn, textOf, yamlAt } from './files.ts'

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly command?: readonly string[]
  readonly healthcheck?: unknown
}

const compose = yamlAt('docker-compose.yml') as Compose
const image = parseDockerfile(textOf('deploy/Dockerfile')).at(-1)
if (image === undefined) throw new Error('deploy/Dockerfile has no stage')
const imageEnvironment = environmentOf(image)
const nodes = ['eu', 'us', 'ap'] as const

/** Puts in what .env would say. */
const resolved = (environment: Readonly<Record<string, string>> = {}) =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value.replace(/\$\{(\w+)[^}]*\}/g, (_, variable: string) => filledIn[variable] ?? ''),
    ]),
  )

const configOf = (name: string) =>
  parseConfig({
    flags: [],
    env: { ...imageEnvironment, ...resolved(compose.services[name]?.environment) },
  })

describe('docker-compose.yml', () => {
  test('has nothing that dclint minds', () => {
    const run = () =>
      execFileSync(
        process.execPath,
        ['node_modules/dclint/bin/dclint.cjs', 'docker-compose.yml', '--max-warnings=0'],
        { encoding: 'utf8', stdio: 'pipe' },
      )
    expect(run).not.toThrow()
  })

  test.each(nodes)('configures %s so that it starts, and nothing of it is passed over', (name) => {
    const config = configOf(name)
    if (!config.ok) throw new Error(config.refusal.join('\n'))
    expect(config.value).toMatchObject({ name, host: '0.0.0.0', port: 4000, trustedProxies: 1 })
    expect(config.value.payments).toMatchObject({
      provider: 'sandbox',
      gateway: { url: 'http://gateway:4242', webhookSecret: filledIn['ATOLL_GATEWAY_SECRET'] },
    })
    expect(config.value.notices.filter((line) => /is no setting/.test(line))).toEqual([])
  })

  test('lets the nodes find each other: each advertises what the others dial', () => {
    for (const name of nodes) {
      const config = configOf(name)
      if (!config.ok) throw new Error(config.refusal.join('\n'))
      expect(config.value.peers).toEqual(nodes.map((peer) => `ws://${peer}:4000`))
      expect(config.value.peers).toContain(config.value.advertise)
      expect(config.value.dataDir).toBe('/var/lib/atoll')
      expect(compose.services[name]?.volumes).toEqual([`${name}:/var/lib/atoll`])
    }
  })

  test('publishes the port that the node listens on, and none of them beyond this machine', () => {
    const published = Object.values(compose.services).flatMap(({ ports = [] }) => ports)
    expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
    for (const name of nodes) {
      expect(compose.services[name]?.ports?.[0]).toMatch(
        new RegExp(`:${imageEnvironment['ATOLL_PORT']}$`),
      )
    }
    expect(compose.services['nginx']?.ports).toEqual([
      `127.0.0.1:8080:${/listen (\d+)/.exec(textOf('deploy/nginx/nginx.conf'))?.[1]}`,
    ])
  })

  test('names only files and volumes that are there, and asks for all that .env.example lists', () => {
    const mounts = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes)
    const sources = mounts.map((mount) => mount.split(':')[0] ?? '')
    expect(sources.filter((path) => path.startsWith('.') && !existsSync(path))).toEqual([])
    expect(sources.filter((path) => !path.startsWith('.')).sort()).toEqual(
      Object.keys(compose.volumes).sort(),
    )
    for (const { build } of Object.values(compose.services)) {
      expect(build === undefined || existsSync(build.dockerfile)).toBe(true)
    }
    const asked = new Set(
      [...textOf('docker-compose.yml').matchAll(/\$\{(\w+)/g)].map(([, name]) => name ?? ''),
    )
    expect([...asked].sort()).toEqual(Object.keys(environmentFile('.env.example')).sort())
  })

  test('watches every service, but the gateway, which has nothing to ask', () => {
    const watched = Object.entries(compose.services)
      .filter(([, { build, healthcheck }]) => build === undefined && healthcheck === undefined)
      .map(([name]) => name)
    expect(watched).toEqual([])
  })
})

test('the front knows the same nodes, and Prometheus scrapes them', () => {
  const fronted = [...textOf('deploy/nginx/nodes.conf').matchAll(/server (\w+):(\d+)/g)]
  expect(fronted.map(([, name, port]) => `${name}:${port}`)).toEqual(
    nodes.map((name) => `${name}:4000`),
  )
  const { scrape_configs: scrapes } = yamlAt('deploy/prometheus/prometheus.yml') as {
    readonly scrape_configs: readonly {
      readonly static_configs: readonly { readonly targets: readonly string[] }[]
    }[]
  }
  expect(scrapes[0]?.static_configs.flatMap(({ targets }) => targets)).toEqual(
    nodes.map((name) => `${name}:4000`),
  )
})

test('every ATOLL_ variable that a file of a deployment names is a setting of a node', () => {
  const known = new Set<string>(settings.map(({ variable }) => variable))
  const files = [
    'docker-compose.yml',
    '.env.example',
    'deploy/Dockerfile',
    'deploy/kubernetes/config.env',
    'deploy/kubernetes/secret.env.example',
    'deploy/kubernetes/nodes.yaml',
  ]
  const strangers = files.flatMap((file) =>
    [...textOf(file).matchAll(/\bATOLL_[A-Z_]+\b/g)]
      .map(([name]) => name)
      .filter((name) => !known.has(name))
      .map((name) => `${file}: ${name}`),
  )
  expect(strangers).toEqual([])
})
