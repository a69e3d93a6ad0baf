/** What stands in the way of an order, as data that the client can act on. */

import type { Value } from '../../crdt/value.ts'
import { isErrorCode, type ErrorCode, type Refusal } from '../errors.ts'
import { isFields, isText, isTextOrNull } from '../guards.ts'
import type { Shortage } from '../inventory/reservation.ts'
import { quoteProblemCodes, type QuoteProblem } from '../pricing/quote-problem.ts'

export type Problem = {
  readonly code: string
  readonly detail: string
  /** What the client may do about it. */
  readonly next: string
  /** What it is about; null if it is about the whole. */
  readonly variantId: string | null
  /** Units that there are here and elsewhere, where that is the problem; else null. */
  readonly available: number | null
}

export const isProblem = (value: Value): value is Problem =>
  isFields(value) &&
  ['code', 'detail', 'next'].every((name) => isText(value[name] ?? null)) &&
  isTextOrNull(value['variantId'] ?? null)

/** A problem about the whole order. */
export const problemOf = (code: ErrorCode, detail: string, next: string): Problem => ({
  code,
  detail,
  next,
  variantId: null,
  available: null,
})

export const quoteProblems = (problems: readonly QuoteProblem[]): readonly Problem[] =>
  problems
    .filter(({ isBlocking }) => isBlocking)
    .map(({ code, detail, variantId }) => ({
      code,
      detail,
      next: quoteProblemCodes[code],
      variantId,
      available: null,
    }))

export const shortageProblems = ({ lines }: Shortage): readonly Problem[] =>
  lines.map(({ variant, wanted, here, elsewhere }) => ({
    code: 'insufficient_stock',
    detail:
      elsewhere > 0
        ? `Of ${variant} ${here} can be sold here, not ${wanted}; ${elsewhere} are elsewhere`
        : `Of ${variant} there are ${here}, not ${wanted}`,
    next: here + elsewhere > 0 ? 'Order as many as there are, or try again.' : 'Take the line out.',
    variantId: variant,
    available: here + elsewhere,
  }))

/** The refusal that tells of all problems: under the first one's code, if that is one of ours. */
export const refusalOf = (problems: readonly Problem[]): Refusal => {
  const [first] = problems
  const code = first && isErrorCode(first.code) ? first.code : 'checkout_problems'
  return { code, detail: first?.detail ?? 'The order cannot be placed', problems }
}
