/** No change from elsewhere moves a node's clock further ahead of its physical clock than is allowed. */

import { driftMsMax } from '../../../crdt/hybrid-logical-clock.ts'
import type { CreateChecker } from './checker.ts'

export const clockStaysNear: CreateChecker = (report) => ({
  durable: ({ node, after, clockBefore, wallMs }) => {
    // One's own clock may have been put back meanwhile; then it stays, and counts.
    const limitMs = Math.max(clockBefore.wallMs + 1, wallMs + driftMsMax)
    if (after.clock.wallMs > limitMs) {
      report(`${node.name} moved its clock ${after.clock.wallMs - wallMs} ms ahead`)
    }
    const isBack =
      after.clock.wallMs < clockBefore.wallMs ||
      (after.clock.wallMs === clockBefore.wallMs && after.clock.logical < clockBefore.logical)
    if (isBack) report(`the clock of ${node.name} went back`)
  },
})
