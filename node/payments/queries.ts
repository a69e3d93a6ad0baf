/** What may be asked of the payments' read model. */

import type Database from 'better-sqlite3'

export interface OpenPayment {
  readonly document: number
  readonly id: string
  readonly takenOnBy: string
  readonly updatedMs: number
}

export interface PaymentPosition {
  readonly createdMs: number
  readonly id: string
}

export interface FlagRow extends PaymentPosition {
  readonly score: number
  /** JSON: a list of texts. */
  readonly reasons: string
  readonly resolved: 0 | 1
  readonly verdict: string | null
}

export interface PaymentFilter {
  readonly state?: string | undefined
  readonly account?: string | undefined
  readonly after: PaymentPosition | undefined
  readonly limit: number
}

/** How often, and with how many cards, somebody has tried to pay lately. */
export interface Velocity {
  readonly attempts: number
  readonly declined: number
  readonly tokens: number
  /** Accounts that used the same card. */
  readonly accountsOfToken: number
}

export interface PaymentQueries {
  /** Payments with something left to do, by the number of their document, after one. */
  open(after: number, limit: number): readonly OpenPayment[]
  countOpen(): number
  /** The order that is paid by the provider's payment of this name. */
  orderOf(reference: string): string | undefined
  /** The latest first. */
  payments(filter: PaymentFilter): readonly PaymentPosition[]
  /** Those that wait for a person first come first, others latest first. */
  flags(
    filter: Omit<PaymentFilter, 'state' | 'account'> & { readonly resolved: boolean },
  ): readonly FlagRow[]
  velocity(of: {
    readonly account: string | null
    readonly tokenMark: string
    readonly sinceMs: number
  }): Velocity
  /** What the account usually spends on an order, in this currency; undefined before its third. */
  usualMinor(account: string, currency: string): number | undefined
}

export const createPaymentQueries = (database: Database.Database): PaymentQueries => {
  const open = database.prepare<[number, number], OpenPayment>(
    `select document, id, taken_on_by as takenOnBy, updated_ms as updatedMs from payments
     where work is not null and document > ? order by document limit ?`,
  )
  const countOpen = database
    .prepare<[], number>('select count(*) from payments where work is not null')
    .pluck()
  const orderOf = database
    .prepare<[string], string>('select id from payments where reference = ?')
    .pluck()
  // A null filter is none: the planner still walks the index of times.
  const payments = database.prepare<
    [
      {
        state: string | null
        account: string | null
        createdMs: number
        id: string
        limit: number
      },
    ],
    PaymentPosition
  >(
    `select created_ms as createdMs, id from payments
     where (created_ms, id) < (@createdMs, @id)
       and (@state is null or state = @state)
       and (@account is null or account = @account)
     order by created_ms desc, id desc limit @limit`,
  )
  const flags = database.prepare<
    [{ resolved: number; createdMs: number; id: string; limit: number }],
    FlagRow
  >(
    `select created_ms as createdMs, payment as id, risk_score as score, flags as reasons,
       resolved, verdict
     from fraud_flags
     where resolved = @resolved and (created_ms, payment) < (@createdMs, @id)
     order by created_ms desc, payment desc limit @limit`,
  )
  const ofAccount = database.prepare<
    [string, number],
    { attempts: number; declined: number; tokens: number }
  >(
    `select count(*) as attempts, coalesce(sum(status = 'declined'), 0) as declined,
       count(distinct token) as tokens
     from payment_attempts where account = ? and created_ms >= ?`,
  )
  const ofToken = database
    .prepare<[string, number], string>(
      `select account from payment_attempts
       where token = ? and created_ms >= ? and account is not null
       order by created_ms desc limit ${attemptsOfTokenMax}`,
    )
    .pluck()
  const usual = database.prepare<[string, string], { orders: number; average: number | null }>(
    `select count(*) as orders, avg(captured) as average from payments
     where account = ? and currency = ? and captured > 0`,
  )
  const end = { createdMs: Number.MAX_SAFE_INTEGER, id: '' }

  return {
    open: (after, limit) => open.all(after, limit),
    countOpen: () => countOpen.get() ?? 0,
    orderOf: (reference) => orderOf.get(reference),
    payments: ({ state = null, account = null, after = end, limit }) =>
      payments.all({ state, account, ...after, limit }),
    flags: ({ resolved, after = end, limit }) =>
      flags.all({ resolved: resolved ? 1 : 0, ...after, limit }),
    velocity: ({ account, tokenMark, sinceMs }) => ({
      ...((account === null ? undefined : ofAccount.get(account, sinceMs)) ?? nobody),
      // `count(distinct …)` would build a tree for hardly ever one row.
      accountsOfToken: new Set(ofToken.all(tokenMark, sinceMs)).size,
    }),
    usualMinor: (account, currency) => {
      const { orders = 0, average = null } = usual.get(account, currency) ?? {}
      return orders >= 3 && average !== null ? average : undefined
    },
  }
}

/** A card that was used more often than this in ten minutes has told enough by its latest uses. */
const attemptsOfTokenMax = 100

const nobody = { attempts: 0, declined: 0, tokens: 0 }
