/**
 * On how many other disks a change is, as far as this node was told. Orders ask before they are
 * acknowledged (see `checkout/runner.ts`); whoever has the peers' acknowledgements answers.
 */

import type { Dot } from '../../crdt/dot.ts'

export interface Copies {
  /** Durable copies of a change: at other nodes that were not declared gone, and in the merged store. */
  copies(dot: Dot): number
  /** Whether the merged store has the change, as far as this node was told. */
  isMerged(dot: Dot): boolean
  /**
   * Resolves with the number of copies as soon as there is one, or after `ms`; with none at once if
   * nobody who could take one is in reach. Never rejects.
   */
  waitForCopy(dot: Dot, ms: number): Promise<number>
}

/** A node that has no others. */
export const noCopies: Copies = {
  copies: () => 0,
  isMerged: () => false,
  waitForCopy: () => Promise.resolve(0),
}
