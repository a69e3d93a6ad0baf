/**
 * How odd an order's payment looks: a score from 0 to 100, and why. From `riskReviewMin` on, money is
 * set aside and not taken until a person has looked.
 *
 * The rules are few and said out loud, so that whoever reviews a payment knows what to look for, and
 * nobody has to explain a model. They see what this node has heard of: a region that is cut off counts
 * what it knows.
 */

import { exponentOf } from '../catalog/money.ts'
import type { Price } from '../catalog/product.ts'
import type { Velocity } from './queries.ts'

export interface Signals {
  readonly amount: Price
  /** null: a guest, of whom nothing is known. */
  readonly account: string | null
  readonly velocity: Velocity
  /** What the account usually spends; undefined if it has not ordered often enough to tell. */
  readonly usualMinor: number | undefined
  readonly shippingCountry: string | undefined
  /** Of the card or the invoice, where somebody told. */
  readonly billingCountry: string | undefined
}

export interface Assessment {
  readonly score: number
  readonly reasons: readonly string[]
}

interface Rule {
  readonly reason: string
  readonly score: number
  readonly applies: (signals: Signals) => boolean
}

/** In major units, whatever the currency: what is much in one shop is little in another. */
const largeMajor = 2_000
const hugeMajor = 10_000

const rules: readonly Rule[] = [
  {
    reason: 'velocity: five attempts or more in ten minutes',
    score: 40,
    applies: ({ velocity }) => velocity.attempts >= 5,
  },
  {
    reason: 'velocity: ten attempts or more in ten minutes',
    score: 30,
    applies: ({ velocity }) => velocity.attempts >= 10,
  },
  {
    reason: 'velocity: three cards or more in ten minutes',
    score: 40,
    applies: ({ velocity }) => velocity.tokens >= 3,
  },
  {
    reason: 'velocity: three declines or more in ten minutes',
    score: 30,
    applies: ({ velocity }) => velocity.declined >= 3,
  },
  {
    reason: 'velocity: one card for three accounts or more in ten minutes',
    score: 60,
    applies: ({ velocity }) => velocity.accountsOfToken >= 3,
  },
  {
    reason: 'amount: large',
    score: 20,
    applies: ({ amount }) => majorOf(amount) >= largeMajor,
  },
  {
    reason: 'amount: very large',
    score: 40,
    applies: ({ amount }) => majorOf(amount) >= hugeMajor,
  },
  {
    reason: 'amount: ten times what the account usually spends',
    score: 30,
    applies: ({ amount, usualMinor }) =>
      usualMinor !== undefined && amount.amount > 10 * usualMinor,
  },
  {
    reason: 'address mismatch: goods and bill go to two countries',
    score: 40,
    applies: ({ shippingCountry, billingCountry }) =>
      shippingCountry !== undefined &&
      billingCountry !== undefined &&
      shippingCountry !== billingCountry,
  },
  {
    reason: 'guest: a large amount, and nobody who is known',
    score: 10,
    applies: ({ account, amount }) => account === null && majorOf(amount) >= largeMajor,
  },
]

const majorOf = ({ amount, currency }: Price): number => amount / 10 ** (exponentOf(currency) ?? 2)

/** Pure: what is odd about a payment, by what is known of it. */
export const assess = (signals: Signals): Assessment => {
  const met = rules.filter(({ applies }) => applies(signals))
  return {
    score: Math.min(
      100,
      met.reduce((sum, { score }) => sum + score, 0),
    ),
    reasons: met.map(({ reason }) => reason),
  }
}
