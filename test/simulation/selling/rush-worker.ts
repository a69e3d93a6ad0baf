/** A process that runs the rushes that it is told to, with a bug planted if its argument names one. */

import { plant } from '../planted/plant.ts'
import { plantedInSelling } from './planted.ts'
import type { RushSize } from './rush.ts'

const name = process.argv[2]
const bug = plantedInSelling.find((one) => one.name === name)
if (name !== undefined && !bug) throw new Error(`There is no bug ${name}`)
if (bug) plant(bug.patches)
// The product is loaded with the bug in it, and no sooner.
const { runRush } = await import('./rush.ts')

process.on('message', (order: RushSize & { readonly seed: number }) => {
  const answer = async () => process.send?.(await runRush(order.seed, order))
  void answer()
})
