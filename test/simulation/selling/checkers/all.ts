/** Every property of a rush that is checked, by its name. */

import { acceptedIsKept } from './accepted-is-kept.ts'
import { chargedOnce } from './charged-once.ts'
import type { CreateRushChecker, Report, RushChecker, Wares } from './checker.ts'
import { couponsWithinLimit } from './coupons-within-limit.ts'
import { soldCameIn } from './sold-came-in.ts'
import { workList } from './work-list.ts'

const all: Readonly<Record<string, CreateRushChecker>> = {
  'sold came in': soldCameIn,
  'charged once': chargedOnce,
  'accepted is kept': acceptedIsKept,
  'coupons within limit': couponsWithinLimit,
  'work list': workList,
}

export const checkers = (
  wares: Wares,
  report: (property: string) => Report,
): readonly RushChecker[] =>
  Object.entries(all).map(([property, create]) => create(report(property), wares))
