/**
 * Who may do what: roles carry permissions, routes ask for permissions, and this is the one table.
 *
 * What people do with their own things (a profile, a cart, an order) needs no permission: it needs
 * that they are theirs.
 */

export const permissionsByRole = {
  customer: [],
  /** Vendors' own products come with a permission of their own. */
  vendor: [],
  /** Looks into what happened, changes nothing. */
  support: [
    'orders:read',
    'payments:read',
    'pricing:read',
    'replication:read',
    'documents:explain',
    'conflicts:read',
  ],
  admin: [
    'catalog:write',
    'inventory:write',
    'orders:read',
    'orders:write',
    'payments:read',
    'payments:refund',
    'payments:review',
    'pricing:read',
    'pricing:write',
    'shipments:write',
    'replication:read',
    'replication:drill',
    'membership:write',
    'documents:explain',
    'conflicts:read',
    'conflicts:resolve',
    'webhooks:read',
    'webhooks:write',
  ],
} as const satisfies Record<string, readonly string[]>

export type Role = keyof typeof permissionsByRole
export type Permission = (typeof permissionsByRole)[Role][number]

/** Whether one of the roles carries the permission; a role of a later release carries none here. */
export const isAllowed = (held: Iterable<string>, permission: Permission): boolean => {
  for (const role of held) if (grants.get(role)?.has(permission)) return true
  return false
}

/** All that the roles carry together, in the order of their text. */
export const permissionsOf = (held: Iterable<string>): readonly string[] =>
  [...new Set([...held].flatMap((role) => [...(grants.get(role) ?? [])]))].sort()

const grants: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(permissionsByRole).map(([role, permissions]) => [role, new Set(permissions)]),
)
