import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { Refusal } from '../../../../node/errors.ts'
import type { Principal } from '../../../../node/http/principal.ts'
import type { NodeEnv } from '../../../../node/http/router.ts'
import { createGuard, type Checked } from '../../../../node/identity/guard.ts'
import { permissionsByRole, type Permission } from '../../../../node/identity/permissions.ts'
import { ok, refused } from '../../../../node/result.ts'

const roles = Object.keys(permissionsByRole) as (keyof typeof permissionsByRole)[]
const permissions = [...new Set(Object.values(permissionsByRole).flat())] as Permission[]

const principal = (role: string): Principal => ({
  accountId: 'a'.repeat(32),
  sessionId: `session of ${role}`,
  roles: new Set([role]),
})

/** Tokens are the names of roles; `slow` before one makes it be checked in a promise. */
const setUp = () => {
  const endedSessions = new Set<string>()
  const none = refused<Refusal>({ code: 'unauthorized', detail: 'The token is none of ours' })
  const guard = createGuard({
    accessTokens: {
      check: (token) => {
        const role = token.replace('slow-', '')
        const checked: Checked = role in permissionsByRole ? ok(principal(role)) : none
        return token.startsWith('slow-') ? Promise.resolve(checked) : checked
      },
    },
    isEnded: (id) => endedSessions.has(id),
  })
  const app = new Hono<NodeEnv>()
  for (const permission of permissions) {
    app.get(`/${permission}`, guard.require(permission), (c) => c.json(c.get('principal')))
  }
  app.get('/own', guard.signedIn, (c) => c.json(c.get('principal')))
  const get = (path: string, authorization?: string) =>
    app.request(path, { headers: authorization === undefined ? {} : { authorization } })
  return { guard, endedSessions, get }
}

describe('a guard', () => {
  it.each(roles.flatMap((role) => permissions.map((permission) => [role, permission] as const)))(
    'lets %s to %s as the table says, and answers 403 otherwise',
    async (role, permission) => {
      const { get } = setUp()
      const carried: readonly string[] = permissionsByRole[role]
      for (const token of [role, `slow-${role}`]) {
        const { status, headers } = await get(`/${permission}`, `Bearer ${token}`)
        const isCarried = carried.includes(permission)
        expect(status).toBe(isCarried ? 200 : 403)
        expect(headers.get('www-authenticate')).toBe(
          isCarried ? null : 'Bearer realm="atoll", error="insufficient_scope"',
        )
      }
    },
  )

  it.each([
    undefined,
    '',
    'admin',
    'Bearer',
    'Bearer ',
    'Basic admin',
    'Bearer admin admin',
    'Bearer admin, Bearer admin',
    'Bearer nobody',
    'BearerX admin',
  ])('answers 401 to the header %j', async (authorization) => {
    const { get } = setUp()
    for (const path of ['/own', '/catalog:write']) {
      const response = await get(path, authorization)
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="atoll"')
      expect(await response.json()).toMatchObject({ code: 'unauthorized' })
    }
  })

  it.each(['Bearer customer', 'bearer customer', 'BEARER  customer'])(
    'takes %s as a token',
    async (authorization) => {
      expect((await setUp().get('/own', authorization)).status).toBe(200)
    },
  )

  it('asks each time whether the session goes on', async () => {
    const { get, endedSessions } = setUp()
    expect((await get('/own', 'Bearer admin')).status).toBe(200)
    endedSessions.add('session of admin')
    for (const token of ['admin', 'slow-admin']) {
      const response = await get('/own', `Bearer ${token}`)
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ code: 'session_revoked' })
    }
    expect((await get('/own', 'Bearer support')).status).toBe(200)
  })

  it('answers without a promise for a token that was checked before', () => {
    const { guard } = setUp()
    expect(guard.authenticate('Bearer admin')).toMatchObject({ ok: true })
    expect(guard.authenticate(undefined)).toMatchObject({ ok: false })
  })
})
