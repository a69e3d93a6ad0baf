/** A plan that once broke a property: kept, and run for ever. */

import type { Plan } from './plan.ts'

export interface Regression {
  /** What went wrong, and what was done about it. */
  readonly note: string
  /** The property that was broken. */
  readonly property: string
  readonly plan: Plan
}
