/**
 * An account: who someone is to the shop, what they may do, and the hash of their password.
 *
 * Each field is a register of its own, so that two who edit a profile in two regions meet in both
 * edits. Roles are a set: of a role given and taken away at once, the giving stays and is seen.
 */

import { edit, schema, type Document, type Edit } from '../../crdt/document.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orSet from '../../crdt/or-set.ts'
import type { Value } from '../../crdt/value.ts'
import { documentKind, draftDelta, type Decide, type World } from '../core/capability.ts'
import { isNull, isText, isTextOrNull } from '../guards.ts'
import { ok, refused } from '../result.ts'
import { normalizeEmail, type AccountId } from './account-id.ts'
import { permissionsOf, type Role } from './permissions.ts'

// Bounded in its costs, so that no document makes a node take gigabytes to check a password.
const isPasswordHash = (value: Value): value is string =>
  isText(value) &&
  /^\$argon2id\$v=19\$m=[1-9]\d{3,5},t=[1-9],p=[1-9]\$[\w+/-]{22,88}\$[\w+/-]{43,88}$/.test(value)

export const account = schema('account', 1, {
  email: [1, lwwRegister.shape(isText)],
  firstName: [2, lwwRegister.shape(isTextOrNull)],
  lastName: [3, lwwRegister.shape(isTextOrNull)],
  phone: [4, lwwRegister.shape(isTextOrNull)],
  /** Argon2id, in the form that names its costs and salt. */
  passwordHash: [5, lwwRegister.shape(isPasswordHash)],
  roles: [6, orSet.shape],
  /** Each creation of this account, here or elsewhere; the first counts. */
  created: [7, eventLog.shape(isNull)],
})

export type Account = Document<typeof account.fields>

// Nothing lists accounts yet, so no table holds their addresses.
export const accountKind = documentKind({ schema: account, tables: [], project: () => ({}) })

export const rolesOf = ({ store }: Account): readonly string[] =>
  orSet.elements({ store: store.roles })

export const passwordHashOf = ({ store }: Account): string | undefined =>
  lwwRegister.read({ store: store.passwordHash })

/** An account as its owner sees it. */
export interface Profile {
  readonly id: string
  readonly email: string
  readonly firstName: string | null
  readonly lastName: string | null
  readonly phone: string | null
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  readonly createdAt: string
}

export const profileOf = (id: AccountId, document: Account): Profile => {
  const { store } = document
  const roles = rolesOf(document)
  const [created] = eventLog.entries({ store: store.created })
  return {
    id,
    email: lwwRegister.read({ store: store.email }) ?? '',
    firstName: lwwRegister.read({ store: store.firstName }) ?? null,
    lastName: lwwRegister.read({ store: store.lastName }) ?? null,
    phone: lwwRegister.read({ store: store.phone }) ?? null,
    roles,
    permissions: permissionsOf(roles),
    createdAt: new Date(created?.value.wallMs ?? 0).toISOString(),
  }
}

export interface AccountInput {
  readonly id: AccountId
  readonly email: string
  readonly passwordHash: string
  readonly roles: readonly Role[]
}

export type AccountAnswer = { readonly id: AccountId }

export const createAccount: Decide<AccountInput, AccountAnswer> = (world, input) => {
  const { id, email, passwordHash, roles } = input
  if (world.exists(account, id)) {
    return refused({ code: 'account_exists', detail: 'There is an account of this address' })
  }
  const { time } = world
  const delta = edit(account, account.bottom, {
    email: (register) => lwwRegister.write(register, time, normalizeEmail(email)),
    passwordHash: (register) => lwwRegister.write(register, time, passwordHash),
    roles: roles.map((role) => (set) => orSet.add(set, time.replica, role)),
    created: (log) => eventLog.append(log, time, null),
  })
  return ok({
    type: 'account.created',
    details: { roles },
    deltas: [draftDelta(account, id, delta)],
    answer: { id },
  })
}

export interface ProfileEdit {
  readonly id: AccountId
  /** Null empties a field; undefined leaves it. */
  readonly firstName?: string | null | undefined
  readonly lastName?: string | null | undefined
  readonly phone?: string | null | undefined
}

export const editProfile: Decide<ProfileEdit, AccountAnswer> = (world, input) => {
  const { id } = input
  if (!world.exists(account, id)) {
    return refused({ code: 'account_not_found', detail: `There is no account ${id} here` })
  }
  const delta = edit(account, world.read(account, id), {
    firstName: overwrite(world, input.firstName),
    lastName: overwrite(world, input.lastName),
    phone: overwrite(world, input.phone),
  })
  return ok({
    type: 'account.profile_updated',
    deltas: [draftDelta(account, id, delta)],
    answer: { id },
  })
}

// What is left out stays as it is, and is no write.
const overwrite = (
  { time }: World,
  value: string | null | undefined,
): readonly Edit<Account['store']['phone']>[] =>
  value === undefined ? [] : [(register) => lwwRegister.write(register, time, value)]
