/** The fourth act: the cable is back, and the proofs are made. */

import { awaitAgreement, standingRows } from '../agreement.ts'
import { gatherEvidence } from '../evidence.ts'
import { count, duration } from '../figures.ts'
import { agreeMsMax } from '../limits.ts'
import { prove, type Proof } from '../proofs.ts'
import type { Stage } from '../stage.ts'
import { setLinks, type Apart } from './cut.ts'
import { gatherSale, proveSale } from './sell.ts'

export const heal = async (stage: Stage, apart: Apart): Promise<readonly Proof[]> => {
  const { narrator, deps } = stage
  const { deeds, service } = apart
  narrator.chapter('3  The cable is back')
  const startMs = deps.clock.monotonic()
  await setLinks(stage, 'open')
  const { isReached, standings } = await awaitAgreement(stage, agreeMsMax)
  const ms = deps.clock.monotonic() - startMs
  const euHad = apart.standings.eu.changes
  const usHad = apart.standings.us.changes
  const all = standings.eu.changes
  await narrator.say(
    isReached
      ? `Nobody repairs anything by hand. eu hands over the ${count(all - usHad)} changes that the ` +
          `others lack, and takes the ${count(all - euHad)} that it lacks itself. **All three agree ` +
          `after ${duration(ms)}.**`
      : `**After ${duration(ms)} the three still do not agree.**`,
  )
  narrator.table(standingRows(standings), { hasHeading: true })

  narrator.chapter('4  What became of it: read from all three nodes')
  const sold = await gatherSale(stage, apart.sale, apart.sold)
  const proofs = [
    ...prove(deeds, await gatherEvidence(stage, deeds, { standings, service })),
    proveSale(sold),
  ]
  for (const proof of proofs) await narrator.verdict(proof)
  narrator.gap()
  const { ap } = stage.admins
  narrator.look(
    `${ap.url}/api/v1/admin/conflicts lists what was kept, and ` +
      `${ap.url}/api/v1/admin/documents/product/${deeds.cast.priced.id} says who wrote which price, ` +
      `where and when; both are for the admin`,
  )
  return proofs
}
