/** A node's identity on a real core and real routes, whose clock and randomness belong to the test. */

import { createHash } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Value } from '../../../../crdt/value.ts'
import type { Decide } from '../../../../node/core/capability.ts'
import { createChangeLog } from '../../../../node/core/change-log.ts'
import { createCore, type Command } from '../../../../node/core/core.ts'
import { createPipeline } from '../../../../node/core/pipeline.ts'
import { createSqliteStore } from '../../../../node/core/sqlite-store.ts'
import type { ErrorCode } from '../../../../node/errors.ts'
import { identityKeysOf } from '../../../../node/identity/identity-keys.ts'
import { createIdentity, identityCapability } from '../../../../node/identity/identity.ts'
import { createPasswords, type Passwords } from '../../../../node/identity/passwords.ts'
import { identitySql, identityTables } from '../../../../node/identity/tables.ts'
import { createTestShell } from '../http/test-shell.ts'

export const startMs = Date.parse('2026-06-01T12:00:00Z')

export const createTestClock = () => {
  const clock = {
    ms: startMs,
    now: () => clock.ms,
    advance: (ms: number) => {
      clock.ms += ms
    },
  }
  return clock
}

export type TestClock = ReturnType<typeof createTestClock>

/** Bytes that look random and are the same in every run. */
export const createTestRandom = (seed: string) => {
  let draws = 0
  return (bytes: number): Uint8Array =>
    new Uint8Array(
      createHash('shake256', { outputLength: bytes }).update(`${seed} ${draws++}`).digest(),
    )
}

export const clusterSecret = createTestRandom('cluster')(32)
export const keys = identityKeysOf(clusterSecret)
export const admin = { email: 'admin@shop.example', password: 'correct horse battery' }

/** A core and all under it, before identity is put on top. */
export const createTestCore = (name: string, clock: { now(): number } = createTestClock()) => {
  const random = createTestRandom(name)
  const store = createSqliteStore({
    file: ':memory:',
    readModelSql: identitySql,
    readModelTables: identityTables,
  })
  const core = createCore({ store, kinds: identityCapability.kinds, clock, random })
  const pipeline = createPipeline({
    core,
    soon: queueMicrotask,
    monotonic: () => 0,
    broken: (error) => {
      throw error
    },
  })
  return { store, core, pipeline, clock, random, log: createChangeLog(core, store) }
}

export type TestCore = ReturnType<typeof createTestCore>

/** Runs a rule at once: its answer, or the code of its refusal. */
export const run = <Input, Answer extends Value>(
  { core }: Pick<TestCore, 'core'>,
  decide: Decide<Input, Answer>,
  input: Input,
): Answer | { readonly refused: ErrorCode } => {
  const command: Command<Input, Answer> = { decide, input, actor: 'test' }
  const [result] = core.execute([command as Command])
  if (!result || 'thrown' in result) throw new Error('The rule threw', { cause: result?.thrown })
  return result.ok ? (result.value.answer as Answer) : { refused: result.refusal.code }
}

export interface TestNodeOptions {
  readonly clock?: TestClock
  readonly passwords?: Passwords
  readonly hasAdmin?: boolean
  readonly dataDir?: string
}

export const createTestNode = async (name: string, options: TestNodeOptions = {}) => {
  const clock = options.clock ?? createTestClock()
  const under = createTestCore(name, clock)
  const checks: (string | undefined)[] = []
  const passwords = options.passwords ?? createPasswords()
  let address = '192.0.2.1'
  const identity = await createIdentity({
    ...under,
    database: under.store.database,
    clusterSecret,
    dataDir: options.dataDir ?? mkdtempSync(join(tmpdir(), 'atoll-identity-')),
    nodeName: name,
    adminFromConfig: options.hasAdmin === false ? undefined : admin,
    // What is checked against which hash is for the test to see.
    passwords: {
      ...passwords,
      matches: (password, hash) => {
        checks.push(hash)
        return passwords.matches(password, hash)
      },
    },
    addressOf: () => address,
  })
  const { app } = createTestShell()
  app.route('/api/v1', identity.routes)
  app.get('/write', identity.guard.require('catalog:write'), (c) =>
    c.json({ account: c.get('principal')?.accountId }),
  )

  const request = async (method: string, path: string, given: Given = {}) => {
    const response = await app.request(path.startsWith('/auth') ? `/api/v1${path}` : path, {
      method,
      headers: {
        'user-agent': 'Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0',
        ...(given.token === undefined ? {} : { authorization: `Bearer ${given.token}` }),
        ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...given.headers,
      },
      ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
    })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Body,
    }
  }
  const logIn = (credentials: object = admin) =>
    request('POST', '/auth/login', { body: credentials })
  const refresh = (refreshToken: string) =>
    request('POST', '/auth/refresh', { body: { refreshToken } })

  return {
    ...under,
    clock,
    identity,
    checks,
    request,
    logIn,
    refresh,
    comeFrom: (from: string) => {
      address = from
    },
  }
}

export type TestNode = Awaited<ReturnType<typeof createTestNode>>

interface Given {
  readonly token?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** What the answers of identity may hold; a test says what it expects to be there. */
export interface Body {
  readonly accessToken: string
  readonly refreshToken: string
  readonly code: string
  readonly detail: string
  readonly id: string
  readonly session: string
  readonly items: readonly { readonly id: string; readonly isCurrent: boolean }[]
  readonly next?: string
  readonly [name: string]: unknown
}

type Exchanging = Pick<TestCore, 'core' | 'log'>

/** Brings each what the other lacks. */
export const exchange = (alice: Exchanging, bob: Exchanging): void => {
  const lackedByBob = alice.log.read(alice.log.positionFor(bob.log.vector()), Infinity)
  const lackedByAlice = bob.log.read(bob.log.positionFor(alice.log.vector()), Infinity)
  bob.core.receive(lackedByBob.entries.map(({ bytes }) => bytes))
  alice.core.receive(lackedByAlice.entries.map(({ bytes }) => bytes))
}
