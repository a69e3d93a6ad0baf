/** Folds as much as may be folded, step by step, while the node goes about its work. */

import type { VersionVector } from '../../crdt/version-vector.ts'
import type { Core } from './core.ts'
import { inSlices, type SlicesDeps } from './in-slices.ts'
import { foldChangesMax, foldChangesMin, sliceMsMax } from './limits.ts'

export interface FoldingDeps extends SlicesDeps {
  readonly core: Pick<Core, 'fold'>
  /** Asked between two steps: what is left may be folded another time. */
  readonly mayGoOn?: () => boolean
}

/** Answers how many changes were folded. */
export const foldInSlices = async (
  deps: FoldingDeps,
  { upTo }: { readonly upTo: VersionVector },
): Promise<number> => {
  let changes = 0
  const { core, mayGoOn = () => true } = deps
  const bounds = { least: foldChangesMin, most: foldChangesMax, msMax: sliceMsMax }
  await inSlices(deps, bounds, (changesMax) => {
    if (!mayGoOn()) return { size: 0, isMore: false }
    const folded = core.fold({ upTo, changesMax })
    changes += folded.changes
    return { size: folded.changes, isMore: folded.isMore }
  })
  return changes
}
