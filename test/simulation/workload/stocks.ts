/** What clerks do to stock: take it in, sell it, and hand the right to sell it to another region. */

import type { ReplicaId } from '../../../crdt/dot.ts'
import type { Process } from '../cluster/process.ts'
import { deed, type MakeDeed } from './deed.ts'
import { grantUnits, receiveUnits, sellUnits, simStock } from './sim-stock.ts'

const clerk = 'account/clerk'

// The release before this one knows nothing of stock that is sold.
const knowsStock = ({ kinds }: Process): true | undefined =>
  kinds.some(({ schema }) => schema.kind === simStock.kind) || undefined

export const stockDeeds = {
  receiveUnits: ({ random, goods, process }) =>
    knowsStock(process) &&
    deed(clerk, receiveUnits, { id: random.pick(goods.stocks), units: random.between(1, 9) }),
  sellUnits: ({ random, goods, process }) =>
    knowsStock(process) &&
    deed(clerk, sellUnits, { id: random.pick(goods.stocks), units: random.between(1, 4) }),
  grantUnits: ({ random, goods, others, process }) => {
    const known = others()
    if (known.length === 0 || !knowsStock(process)) return undefined
    const to = random.pick(known) as ReplicaId
    const units = random.between(1, 3)
    return deed(clerk, grantUnits, { id: random.pick(goods.stocks), to, units })
  },
} satisfies Record<string, MakeDeed>
