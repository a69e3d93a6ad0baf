/**
 * What must have happened in a run of many seeds: every fault, and every way out of one. A simulator
 * whose faults do not strike proves nothing, however green it is.
 */

import { faultKinds } from './faults/all.ts'
import type { Summary } from './summary.ts'

/** Of things that happen, within how many seeds each must have happened at least once. */
export const expected: ReadonlyMap<string, number> = new Map([
  ...faultKinds.map((kind) => [`fault: ${kind}`, 200] as const),
  ['ended at disk operation: write', 200],
  ['ended at disk operation: written', 200],
  ['ended at disk operation: synced', 200],
  ['power loss: all of the tail lost', 500],
  ['power loss: part of the tail lost', 500],
  ['power loss: torn of the tail lost', 500],
  ['torn tail dropped at opening', 500],
  ['damaged disk found at opening', 200],
  ['damaged disk found by the operator', 200],
  ['changes found that nobody lived to tell of', 200],
  ['changes lost with the only disk that had them', 200],
  ['a copy is given a name of its own', 500],
  ['node broke', 200],
  ['refreshed: everything', 200],
  ['message lost', 200],
  ['message doubled', 200],
  ['message blocked', 200],
  ['message resetByReboot', 200],
  ['client: asks again', 200],
  ['client: no answer', 200],
  ['client: the node could not', 200],
  ['request: answered as before', 200],
  ['intents: all done before', 200],
  ['mesh: gap', 200],
  ['mesh: silent', 200],
  ['mesh: late', 200],
  ['mesh: too_far_ahead', 200],
  ['mesh: corrupt_change', 500],
  ['mesh: duplicate', 200],
  ['mesh: superseded', 200],
  ['mesh: schema_newer', 200],
  ['mesh: storage_failed', 200],
  ['mesh: protocol_violation', 200],
  ['mesh: fork', 200],
  ['mesh: quarantined', 500],
  ['mesh: too_far_behind', 500],
  ['mesh: not_reconciled', 1_000],
  ['mesh: no_room', 200],
  ['documents joined', 200],
  ['changes folded', 200],
  ['refused: quantity_out_of_range', 200],
  ['refused: product_deleted', 200],
  ['refused: sku_taken', 200],
])

/** What should have happened and did not. */
export const blindSpots = ({ seeds, happened }: Summary): readonly string[] =>
  [...expected]
    .filter(([what, within]) => seeds >= within && !happened.has(what))
    .map(([what]) => what)
