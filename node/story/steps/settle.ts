/** The fifth act: an admin settles a conflict at one node, and it is settled at all. */

import { z } from 'zod'
import { awaitAgreement } from '../agreement.ts'
import { Money, Product } from '../answers.ts'
import type { Deeds } from '../deeds.ts'
import { readConflicts } from '../evidence.ts'
import { count, duration, money, shortName } from '../figures.ts'
import { agreeMsMax } from '../limits.ts'
import { proveSettled, type Proof } from '../proofs.ts'
import { inRegions } from '../regions.ts'
import type { Stage } from '../stage.ts'

export const settle = async (stage: Stage, { cast, prices }: Deeds): Promise<Proof> => {
  const { narrator, admins, deps } = stage
  const { id, name } = cast.priced
  narrator.chapter('5  What people disagreed on, a person settles')
  const { items } = await readConflicts(stage, 'ap')
  const conflict = items.find((one) => one.id === id && one.field === 'price')
  const lost = conflict?.siblings.at(-1)
  if (!lost) {
    await narrator.say('**ap lists no conflict about the price, so there is nothing to settle.**')
    return readSettlement(stage, { id, kept: prices.eu })
  }
  const kept = Money.parse(lost.value)
  const startMs = deps.clock.monotonic()
  await admins.ap.change(
    {
      method: 'POST',
      path: `admin/conflicts/product/${id}/resolve`,
      body: { field: 'price', keep: lost.dot },
    },
    z.object({ id: z.string() }),
  )
  await awaitAgreement(stage, agreeMsMax)
  const ms = deps.clock.monotonic() - startMs
  const author = lost.writtenBy?.node ?? 'the other side'
  await narrator.say(
    `The later price won by the clock, which is a rule and not a reason. So the other was kept, and ap ` +
      `lists it among ${count(items.length)} fields to look at. Its admin decides that ` +
      `${shortName(name)} costs **${money(kept)}** after all, as ${author} had said. ` +
      `**${duration(ms)} later** that holds on all three.`,
  )
  return readSettlement(stage, { id, kept })
}

const readSettlement = async (
  stage: Stage,
  { id, kept }: { readonly id: string; readonly kept: Money },
): Promise<Proof> => {
  const { narrator, guests } = stage
  const proof = proveSettled({
    kept,
    product: id,
    prices: await inRegions(async (region) => {
      const shown = await guests[region].read(`products/${id}`, Product)
      return shown.price
    }),
    conflicts: await inRegions(async (region) => {
      const listed = await readConflicts(stage, region)
      return listed.items
    }),
  })
  await narrator.verdict(proof)
  narrator.gap()
  return proof
}
