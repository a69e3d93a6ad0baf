/** Where benchmarks play: one directory, the servers that were started, and an end to all of it. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { startChild, type Child } from './child.ts'
import { createClient, type Client } from './client.ts'

export interface Server {
  readonly url: string
  readonly child: Child
  readonly client: Client
  stop(): Promise<void>
}

export interface AtollNode extends Server {
  /** Headers of a request by the admin. */
  readonly admin: Readonly<Record<string, string>>
  /** The digest of its documents, and how many there are. */
  replication(): Promise<z.infer<typeof replicationAnswer>>
}

export interface NodeOptions {
  readonly name?: string
  /** A data directory of the stage; a new one unless it is said. */
  readonly data?: string
  readonly peers?: readonly string[]
  /** A file that its process imports before the program, to measure it from the inside. */
  readonly preload?: string
  /** Further settings. */
  readonly env?: Readonly<Record<string, string>>
}

export interface Stage {
  readonly directory: string
  /** A path in the stage's directory that is not in use yet. */
  path(name: string): string
  /** A node, with nobody signed in. */
  startServing(options?: NodeOptions): Promise<Server>
  /** A node, with its admin signed in. */
  startNode(options?: NodeOptions): Promise<AtollNode>
  /** A bare Hono server: it echoes JSON, and serves the products of a file that maps ids to texts. */
  startBare(productsFile?: string): Promise<Server>
  run(args: readonly string[]): Child
  /** Ends whatever still runs, and removes the directory. */
  close(): Promise<void>
}

export const adminAccount = {
  ATOLL_ADMIN_EMAIL: 'admin@bench.example',
  ATOLL_ADMIN_PASSWORD: 'measured twice, told once',
}

/** The nodes of a stage are one cluster; its key is no secret. */
const clusterKey = '5e'.repeat(32)

const loginAnswer = z.object({ accessToken: z.string() })
const replicationAnswer = z.object({ digest: z.string(), documents: z.number() })

export const createStage = (parent = tmpdir()): Stage => {
  const directory = mkdtempSync(join(parent, 'atoll-bench-'))
  const children = new Set<Child>()
  let paths = 0

  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Child => {
    const child = startChild({ args, env: { ...adminAccount, ...env } })
    children.add(child)
    void child.ended().then(() => children.delete(child))
    return child
  }

  const serve = async (child: Child): Promise<Server> => {
    const url = await child.line((json) =>
      'url' in json && typeof json.url === 'string' ? json.url : undefined,
    )
    const client = createClient(url)
    return {
      url,
      child,
      client,
      stop: async () => {
        client.close()
        await child.stop()
      },
    }
  }

  const path = (name: string) => join(directory, `${++paths}-${name}`)

  const startServing: Stage['startServing'] = ({
    name = 'bench',
    data = path(name),
    peers = [],
    preload,
    env = {},
  } = {}) =>
    serve(
      run(
        [
          ...(preload === undefined ? [] : ['--import', preload]),
          'node/main.ts',
          'node',
          '--port',
          '0',
          '--name',
          name,
          '--data',
          data,
        ],
        { ATOLL_CLUSTER_KEY: clusterKey, ATOLL_PEERS: peers.join(','), ...env },
      ),
    )

  return {
    directory,
    path,
    run,
    startBare: (productsFile) =>
      serve(run(['bench/http/bare-server.ts', ...(productsFile ? [productsFile] : [])])),
    startServing,
    startNode: async (options) => {
      const server = await startServing(options)
      const { ATOLL_ADMIN_EMAIL: email, ATOLL_ADMIN_PASSWORD: password } = adminAccount
      const login = { method: 'POST', path: '/api/v1/auth/login', body: { email, password } }
      const { accessToken } = loginAnswer.parse(await server.client.json(login))
      const admin = { authorization: `Bearer ${accessToken}` }
      const ask = { method: 'GET', path: '/api/v1/admin/replication', headers: admin }
      return {
        ...server,
        admin,
        replication: async () => replicationAnswer.parse(await server.client.json(ask)),
      }
    },
    close: async () => {
      await Promise.all([...children].map((child) => child.stop()))
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
