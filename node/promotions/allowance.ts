/**
 * An allowance: how often one customer may use one coupon, as rights.
 *
 * Who has the rights, before anybody used the coupon? The region in which the customer signed up: it
 * issues the allowance when it is first used there. Every other region has to be granted what it
 * spends, so that a customer who shops in two regions at once gets no more than one customer may. If that
 * region is declared gone, whoever has taken its estate issues in its stead.
 */

import { assert } from '../../crdt/assert.ts'
import { edit, schema, type Document, type Edit } from '../../crdt/document.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import * as escrowCounter from '../../crdt/escrow-counter.ts'
import type { EscrowCounter } from '../../crdt/escrow-counter.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as pnCounter from '../../crdt/pn-counter.ts'
import { documentKind, draftDelta, type DraftDelta, type World } from '../core/capability.ts'
import type { Table } from '../core/store.ts'
import { account } from '../identity/account.ts'
import { heirOf } from '../inventory/estate.ts'
import * as purse from '../inventory/purse.ts'
import { nodeOf } from '../replication/replica.ts'
import type { Result } from '../result.ts'

export const allowance = schema('coupon-allowance', 1, {
  /** Uses that were issued; the escrow counter's `received` also counts what came back. */
  issued: [1, pnCounter.shape],
  uses: [2, escrowCounter.shape],
  used: [3, pnCounter.shape],
})

export type Allowance = Document<typeof allowance.fields>

export const allowanceTable: Table = {
  name: 'coupon_allowances',
  columns: ['id'],
  isSingle: true,
}

export const allowanceSql = `
create table if not exists coupon_allowances (
  document integer primary key,
  id       text    not null unique
) strict;
`

export const allowanceKind = documentKind({
  schema: allowance,
  tables: [allowanceTable],
  project: (id) => ({ coupon_allowances: [{ id }] }),
})

export interface AllowanceOf {
  readonly code: string
  /** An account's id. */
  readonly customer: string
  readonly perCustomer: number
}

export const allowanceIdOf = ({ code, customer }: Pick<AllowanceOf, 'code' | 'customer'>): string =>
  `${code}.${customer}`

export type Spending = Pick<World, 'read' | 'replica' | 'lineage'>

/** How often the customer used the coupon, as far as this node knows. */
export const usedBy = ({ read }: Pick<World, 'read'>, of: AllowanceOf): number =>
  pnCounter.read({ store: read(allowance, allowanceIdOf(of)).store.used })

/** How often the customer may still use it here without anybody being asked. */
export const allowedHere = (world: Spending, of: AllowanceOf): number => {
  const document = world.read(allowance, allowanceIdOf(of))
  return purse.rights(world, opened(world, document, of).uses)
}

/** The delta of one use, of which there is one here. */
export const use = (world: Spending, of: AllowanceOf): DraftDelta =>
  spending(world, of, {
    uses: (counter) => purse.spend(world, counter, 1),
    used: (counter) => pnCounter.add(counter, world.replica, 1),
  })

/** The delta by which one use, of which there is one here, is handed to another node. */
export const grantUse = (world: Spending, of: AllowanceOf, to: ReplicaId): DraftDelta =>
  spending(world, of, {
    uses: (counter) => purse.grant(world, counter, { to, units: 1 }),
    used: [],
  })

const spending = (
  world: Spending,
  of: AllowanceOf,
  how: {
    readonly uses: (counter: EscrowCounter) => Result<EscrowCounter, unknown>
    readonly used: Edit<Allowance['store']['used']> | readonly never[]
  },
): DraftDelta => {
  const id = allowanceIdOf(of)
  const document = world.read(allowance, id)
  const { toIssue } = opened(world, document, of)
  const delta = edit(allowance, document, {
    issued: toIssue === 0 ? [] : (counter) => pnCounter.add(counter, world.replica, toIssue),
    uses: [
      ...(toIssue === 0 ? [] : [issueOf(world, toIssue)]),
      (counter: EscrowCounter) => {
        const spent = how.uses(counter)
        assert(spent.ok, 'a use that is allowed here can be spent')
        return spent.value
      },
    ],
    used: how.used,
  })
  return draftDelta(allowance, id, delta)
}

/** The delta by which a use comes back, to this node. */
export const giveBack = (world: Spending, of: Omit<AllowanceOf, 'perCustomer'>): DraftDelta => {
  const id = allowanceIdOf(of)
  return draftDelta(
    allowance,
    id,
    edit(allowance, world.read(allowance, id), {
      uses: (counter) => purse.receive(world, counter, 1),
      used: (counter) => pnCounter.add(counter, world.replica, -1),
    }),
  )
}

/** The allowance as it is once its home has issued what it may. */
const opened = (world: Spending, document: Allowance, of: AllowanceOf) => {
  const before = { store: document.store.uses, context: document.context }
  const issued = pnCounter.read({ store: document.store.issued })
  const toIssue = isHome(world, of.customer) ? Math.max(of.perCustomer - issued, 0) : 0
  const uses = toIssue === 0 ? before : escrowCounter.join(before, issueOf(world, toIssue)(before))
  return { uses, toIssue }
}

const issueOf = (world: Spending, units: number) => (counter: EscrowCounter) =>
  purse.receive(world, counter, units)

// An address that was registered in two regions at once has its home where it was registered first;
// until they have met, each takes itself for it.
const isHome = (world: Spending, customer: string): boolean => {
  const replica = signedUpAt(world, customer)
  if (replica === undefined) return false
  if (world.lineage.includes(replica)) return true
  const [home, self] = [nodeOf(world, replica), nodeOf(world, world.replica)]
  return home !== undefined && self !== undefined && heirOf(world, home) === self
}

const signedUpAt = ({ read }: Pick<World, 'read'>, customer: string): ReplicaId | undefined =>
  eventLog.entries({ store: read(account, customer).store.created })[0]?.dot.replica

/** The name of the node that issues a customer's uses, for whoever wants to ask it; undefined: unknown. */
export const homeOf = (world: Pick<World, 'read'>, customer: string): string | undefined => {
  const replica = signedUpAt(world, customer)
  const node = replica && nodeOf(world, replica)
  return node && (heirOf(world, node) ?? node)
}
