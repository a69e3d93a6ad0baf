/** The last act: the merged store, which eu keeps, holds what all three regions know. */

import { MergedStore } from '../answers.ts'
import { readStandings } from '../agreement.ts'
import { count, duration } from '../figures.ts'
import { archivedMsMax, askEveryMs } from '../limits.ts'
import { proveMerged, type Merged, type Proof } from '../proofs.ts'
import { forRegions } from '../regions.ts'
import type { Stage } from '../stage.ts'
import { pause } from '../story-deps.ts'

export const keep = async (stage: Stage): Promise<Proof> => {
  const { narrator, deps } = stage
  narrator.chapter('6  One durable truth, to be asked in SQL')
  const startMs = deps.clock.monotonic()
  const elapsedMs = () => deps.clock.monotonic() - startMs
  let merged = await readMerged(stage)
  while (!proveMerged(merged).holds && elapsedMs() < archivedMsMax) {
    await pause(deps, askEveryMs)
    merged = await readMerged(stage)
  }
  const proof = proveMerged(merged)
  await narrator.say(
    'eu also keeps a PostgreSQL, embedded here and a server of yours otherwise. It has been sent every ' +
      'change of every region, and its digest is computed from its own rows' +
      (proof.holds
        ? `: **${count(merged.held.documents ?? 0)} documents, the same as everywhere, ` +
          `${duration(elapsedMs())} after they were asked for.**`
        : '.'),
  )
  await narrator.verdict(proof)
  narrator.look(`${stage.admins.eu.url}/api/v1/admin/merged-store says how it stands`)
  narrator.gap()
  return proof
}

const readMerged = async (stage: Stage): Promise<Merged> => {
  const held = await stage.admins.eu.read('admin/merged-store', MergedStore)
  const standings = await readStandings(stage)
  return { held, digests: forRegions((region) => standings[region].digest) }
}
