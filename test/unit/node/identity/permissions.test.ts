import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isAllowed,
  permissionsByRole,
  permissionsOf,
  type Permission,
  type Role,
} from '../../../../node/identity/permissions.ts'

const roles = Object.keys(permissionsByRole) as Role[]
const permissions = [...new Set(Object.values(permissionsByRole).flat())] as Permission[]

// Written out, so that a permission that a role gains or loses by accident is seen here.
const expected: Record<Permission, readonly Role[]> = {
  'catalog:write': ['admin'],
  'inventory:write': ['admin'],
  'orders:read': ['support', 'admin'],
  'orders:write': ['admin'],
  'payments:read': ['support', 'admin'],
  'payments:refund': ['admin'],
  'payments:review': ['admin'],
  'pricing:read': ['support', 'admin'],
  'pricing:write': ['admin'],
  'shipments:write': ['admin'],
  'replication:read': ['support', 'admin'],
  'replication:drill': ['admin'],
  'membership:write': ['admin'],
  'documents:explain': ['support', 'admin'],
  'conflicts:read': ['support', 'admin'],
  'conflicts:resolve': ['admin'],
  'webhooks:read': ['admin'],
  'webhooks:write': ['admin'],
}

describe('permissions', () => {
  it.each(roles.flatMap((role) => permissions.map((permission) => ({ role, permission }))))(
    'of $role to $permission are as the table says',
    ({ role, permission }) => {
      expect(isAllowed([role], permission)).toBe(expected[permission].includes(role))
    },
  )

  it('of several roles are those of each together', () => {
    fc.assert(
      fc.property(fc.subarray(roles), fc.constantFrom(...permissions), (held, permission) => {
        const byOne = held.some((role) => isAllowed([role], permission))
        expect(isAllowed(held, permission)).toBe(byOne)
        expect(permissionsOf(held).includes(permission)).toBe(byOne)
      }),
    )
  })

  it('are none for a role that this release does not know, whatever it is called', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'Admin', 'admin ')),
        fc.constantFrom(...permissions),
        (role, permission) => {
          fc.pre(!Object.hasOwn(permissionsByRole, role))
          expect(isAllowed([role], permission)).toBe(false)
        },
      ),
    )
  })
})
