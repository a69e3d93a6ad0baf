/** Whether the three nodes hold the same shop, and how long it takes them. */

import { Replication } from './answers.ts'
import { compareEveryMs } from './limits.ts'
import { inRegions, isSame, forRegions, type ByRegion } from './regions.ts'
import { shortDigest, count } from './figures.ts'
import type { Stage } from './stage.ts'
import { pause } from './story-deps.ts'

export interface Agreement {
  /** Whether the digests became equal before time was up. */
  readonly isReached: boolean
  readonly ms: number
  readonly standings: ByRegion<Replication>
}

export const readStandings = ({ admins }: Pick<Stage, 'admins'>): Promise<ByRegion<Replication>> =>
  inRegions((region) => admins[region].read('admin/replication', Replication))

/** Compares the digests until they are equal. */
export const awaitAgreement = async (
  stage: Pick<Stage, 'admins' | 'deps'>,
  msMax: number,
): Promise<Agreement> => {
  const { clock } = stage.deps
  const startMs = clock.monotonic()
  for (;;) {
    const standings = await readStandings(stage)
    const ms = clock.monotonic() - startMs
    const isReached = isSame(forRegions((region) => standings[region].digest))
    if (isReached || ms > msMax) return { isReached, ms, standings }
    await pause(stage.deps, compareEveryMs)
  }
}

/** The standings as rows, with a heading. */
export const standingRows = (standings: ByRegion<Replication>): readonly (readonly string[])[] => [
  ['node', 'digest', 'changes'],
  ...Object.entries(standings).map(([region, { digest, changes }]) => [
    region,
    `**${shortDigest(digest)}**`,
    count(changes),
  ]),
]
