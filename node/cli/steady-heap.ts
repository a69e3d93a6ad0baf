/**
 * Keeps a node's memory flat under load, for a little of its speed.
 *
 * V8 lets the heap of a busy process grow to several times what is in use before it collects it, as
 * long as there is memory. A node is given 300 MB: its old generation is collected as soon as it has
 * grown by a third, and its young generation stops growing once it is large enough for requests to
 * die young in it.
 */

import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import type { Timers } from '../../sync/surroundings.ts'

/** Reads got a tenth slower with a young generation that never grew, and no faster beyond this. */
const youngBytesMax = 32 * 1_024 * 1_024
const lookEveryMs = 50

/** For the whole process; before the work begins. */
export const keepHeapSteady = ({ after }: Timers): void => {
  setFlagsFromString('--heap-growing-percent=33')
  const look = (): void => {
    if (youngBytes() < youngBytesMax) after(lookEveryMs, look)
    else setFlagsFromString('--semi-space-growth-factor=1')
  }
  look()
}

const youngBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0
