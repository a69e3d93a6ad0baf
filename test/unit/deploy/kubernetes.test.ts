import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseConfig } from '../../../node/config.ts'
import { environmentOf, parseDockerfile } from './dockerfile.ts'
import { documentsOf, environmentFile, filledIn, textOf, yamlAt, type Manifest } from './files.ts'

const folder = 'deploy/kubernetes'
const kustomization = yamlAt(`${folder}/kustomization.yaml`) as {
  readonly resources: readonly string[]
  readonly configMapGenerator: readonly { readonly name: string }[]
  readonly secretGenerator: readonly { readonly name: string }[]
  readonly images: readonly { readonly name: string }[]
}
const manifests = kustomization.resources.flatMap((file) => documentsOf(`${folder}/${file}`))

const scratch = mkdtempSync(join(tmpdir(), 'atoll-manifests-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** `policy/v1` is `kubernetes-types/policy/v1`, `v1` is of the core. */
const moduleOf = ({ apiVersion }: Manifest): string => {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion]
  return `kubernetes-types/${group?.split('.')[0]}/${version}`
}

/**
 * What the compiler says of manifests as literals of their types: a misspelt field, a field in the wrong
 * place, a value of the wrong type, a field that is missing.
 */
const faultsIn = (documents: readonly Manifest[]): string => {
  const file = join(scratch, 'manifests.ts')
  if (!existsSync(join(scratch, 'node_modules')))
    symlinkSync(resolve('node_modules'), join(scratch, 'node_modules'))
  writeFileSync(
    file,
    documents
      .map(
        (document, index) =>
          `import type { ${document.kind} as T${index} } from '${moduleOf(document)}'\n` +
          `export const m${index}: T${index} = ${JSON.stringify(document, undefined, 2)}\n`,
      )
      .join('\n'),
  )
  try {
    execFileSync(
      resolve('node_modules/.bin/tsc'),
      ['--noEmit', '--strict', '--skipLibCheck', '--module', 'preserve', file],
      { encoding: 'utf8', stdio: 'pipe', cwd: scratch },
    )
    return ''
  } catch (error) {
    return (error as { readonly stdout: string }).stdout
  }
}

interface StatefulSet extends Manifest {
  readonly spec: {
    readonly serviceName: string
    readonly replicas: number
    readonly selector: { readonly matchLabels: Labels }
    readonly template: {
      readonly metadata: { readonly labels: Labels; readonly annotations: Labels }
      readonly spec: {
        readonly enableServiceLinks: boolean
        readonly securityContext: { readonly runAsUser: number; readonly runAsNonRoot: boolean }
        readonly containers: readonly Container[]
      }
    }
    readonly volumeClaimTemplates: readonly {
      readonly metadata: { readonly name: string }
      readonly spec: { readonly accessModes: readonly string[] }
    }[]
  }
}

type Labels = Readonly<Record<string, string>>

interface Container {
  readonly image: string
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly env: readonly { readonly name: string; readonly value?: string }[]
  readonly envFrom: readonly { readonly configMapRef?: Named; readonly secretRef?: Named }[]
  readonly resources: unknown
  readonly securityContext: { readonly readOnlyRootFilesystem: boolean }
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  readonly startupProbe: Probe
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
}

interface Named {
  readonly name: string
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

const nodes = manifests.find(({ kind }) => kind === 'StatefulSet') as StatefulSet
const pod = nodes.spec.template.spec
const [container] = pod.containers
if (container === undefined) throw new Error('the stateful set has no container')
const image = parseDockerfile(textOf('deploy/Dockerfile')).at(-1)
if (image === undefined) throw new Error('deploy/Dockerfile has no stage')

describe('the manifests', () => {
  test("fit Kubernetes' own types, field by field", () => {
    expect(faultsIn(manifests)).toBe('')
  })

  test('would not, with one letter wrong, deep inside', () => {
    const wrong = JSON.parse(
      JSON.stringify(manifests).replace('"containerPort"', '"containerprt"'),
    ) as Manifest[]
    expect(faultsIn(wrong)).toContain('containerprt')
  })

  test('are all in the kustomization, and nothing else is', () => {
    const files = readdirSync(folder).filter(
      (file) => file.endsWith('.yaml') && file !== 'kustomization.yaml',
    )
    expect([...kustomization.resources].sort()).toEqual(files.sort())
    expect(kustomization.images.map(({ name }) => name)).toEqual([container.image])
    expect(container.envFrom).toEqual([
      { configMapRef: { name: kustomization.configMapGenerator[0]?.name } },
      { secretRef: { name: kustomization.secretGenerator[0]?.name } },
    ])
  })

  test('ask for and allow what the requirements name', () => {
    expect(container.resources).toEqual({
      requests: { cpu: '250m', memory: '512Mi' },
      limits: { cpu: '500m', memory: '1Gi' },
    })
    expect(nodes.spec.replicas).toBe(3)
  })

  test('run the image as it was built: its user, its port, its directory', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 })
    expect(container.securityContext.readOnlyRootFilesystem).toBe(true)
    const environment = environmentOf(image)
    expect(container.ports).toEqual([
      { name: 'http', containerPort: Number(environment['ATOLL_PORT']) },
    ])
    expect(container.volumeMounts).toContainEqual({
      name: nodes.spec.volumeClaimTemplates[0]?.metadata.name,
      mountPath: environment['ATOLL_DATA'],
    })
    expect(nodes.spec.template.metadata.annotations['prometheus.io/port']).toBe(
      environment['ATOLL_PORT'],
    )
  })

  test('never let two pods have one data directory', () => {
    const modes = nodes.spec.volumeClaimTemplates.map(({ spec }) => spec.accessModes)
    expect(modes).toEqual([['ReadWriteOncePod']])
  })

  test('select the pods that they mean, with ports by the name that the container has', () => {
    const labels = nodes.spec.template.metadata.labels
    const text = JSON.stringify(manifests)
    for (const [, selected = ''] of text.matchAll(/"(?:matchLabels|selector)":(\{"app[^}]*\})/g)) {
      expect(JSON.parse(selected)).toEqual(labels)
    }
    expect(text).toContain(`"name":"${nodes.spec.serviceName}"`)
    for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe])
      expect(probe.httpGet.port).toBe('http')
  })
})

describe('a pod', () => {
  const variables = (name: string): Readonly<Record<string, string>> => ({
    ...environmentOf(image),
    ...environmentFile(`${folder}/config.env`),
    ...Object.fromEntries(
      Object.keys(environmentFile(`${folder}/secret.env.example`)).map((variable) => [
        variable,
        filledIn[variable] ?? '',
      ]),
    ),
    ...Object.fromEntries(
      container.env.map((given) => [
        given.name,
        given.value?.replace('$(ATOLL_NAME)', name) ?? name,
      ]),
    ),
  })

  test('is configured so that it starts, under its own name, and its peers dial what it advertises', () => {
    for (const index of Array.from({ length: nodes.spec.replicas }).keys()) {
      const name = `${nodes.metadata.name}-${index}`
      const config = parseConfig({ flags: [], env: variables(name) })
      if (!config.ok) throw new Error(config.refusal.join('\n'))
      expect(config.value).toMatchObject({ name, host: '0.0.0.0', port: 4000 })
      expect(config.value.peers).toContain(config.value.advertise)
      expect(config.value.peers).toHaveLength(nodes.spec.replicas)
      expect(config.value.notices.filter((line) => /is no setting/.test(line))).toEqual([])
    }
  })

  test('is spared the links of services, which would set ATOLL_PORT to an address', () => {
    expect(pod.enableServiceLinks).toBe(false)
    const linked = { ...variables('atoll-0'), ATOLL_PORT: 'tcp://10.0.0.1:80' }
    expect(parseConfig({ flags: [], env: linked }).ok).toBe(false)
  })
})
