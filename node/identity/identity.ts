/** Identity put together: its documents for the core, its routes and its guard for the shell. */

import type { OpenAPIHono } from '@hono/zod-openapi'
import type Database from 'better-sqlite3'
import type { Context } from 'hono'
import type { Capability } from '../core/capability.ts'
import type { Core } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import type { NodeEnv } from '../http/router.ts'
import { createAccessTokens } from './access-token.ts'
import { accountKind } from './account.ts'
import { createClientAddress } from './client-address.ts'
import { ensureAdmin, type FirstAdmin } from './first-admin.ts'
import { createGuard, type Guard } from './guard.ts'
import { identityKeysOf } from './identity-keys.ts'
import { loadOwnKey } from './own-key.ts'
import { createPasswords, type Passwords } from './passwords.ts'
import { isSessionId } from './refresh-token.ts'
import { createIdentityRoutes } from './routes.ts'
import { isEnded, session, sessionKind } from './session.ts'
import { createSignIn } from './sign-in.ts'
import { announceKey, signingKey, signingKeyKind } from './signing-key.ts'
import { createIdentityQueries } from './store.ts'

export const identityCapability: Capability = {
  kinds: [accountKind, sessionKind, signingKeyKind],
}

export interface Identity {
  readonly routes: OpenAPIHono<NodeEnv>
  readonly guard: Guard
  /** Refuses password checks that wait; what runs is finished. */
  close(): void
}

export interface IdentityDeps {
  readonly core: Pick<Core, 'read' | 'exists'>
  readonly pipeline: Pipeline
  readonly database: Database.Database
  /** See `loadClusterSecret`. */
  readonly clusterSecret: Uint8Array
  readonly dataDir: string
  readonly nodeName: string
  /** Milliseconds since 1970. */
  readonly clock: { now(): number }
  /** Random bytes that nobody can guess. */
  readonly random: (bytes: number) => Uint8Array
  /** Made if there is no account of the address. */
  readonly adminFromConfig?: FirstAdmin | undefined
  readonly passwords?: Passwords
  readonly addressOf?: (c: Context<NodeEnv>) => string
}

/** Resolves when the node's key is announced and the first admin is there, both durable. */
export const createIdentity = async (deps: IdentityDeps): Promise<Identity> => {
  const { core, pipeline, clock, random, nodeName, adminFromConfig } = deps
  const { passwords = createPasswords(), addressOf = createClientAddress(0) } = deps
  const keys = identityKeysOf(deps.clusterSecret)
  const queries = createIdentityQueries(deps.database)

  const ownKey = loadOwnKey(deps)
  if (!core.exists(signingKey, ownKey.kid)) {
    await pipeline.submit({
      decide: announceKey,
      input: { node: nodeName, publicJwk: ownKey.publicJwk },
      actor: `node/${nodeName}`,
    })
  }
  if (adminFromConfig) {
    await ensureAdmin({ core, pipeline, keys, passwords, nodeName }, adminFromConfig)
  }

  const accessTokens = await createAccessTokens({ ownKey, findPublicKey: queries.publicKey, clock })
  const guard = createGuard({
    accessTokens,
    isEnded: (id) => isSessionId(id) && isEnded(core.read(session, id)),
  })
  const signIn = createSignIn({
    core,
    pipeline,
    queries,
    keys,
    passwords,
    accessTokens,
    clock,
    random,
  })
  const routes = createIdentityRoutes({ core, pipeline, queries, guard, signIn, clock, addressOf })
  return { routes, guard, close: () => passwords.close() }
}
