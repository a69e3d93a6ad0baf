/** Clocks that jump: by seconds, as a clock daemon makes them, or by a day, as a mistaken operator does. */

import type { Fault } from './fault.ts'

const dayMs = 24 * 60 * 60 * 1_000

export const jumpClock: Fault<'jumpClock'> = {
  perMinute: 1,
  draw: ({ random, nodes }) => {
    const mostMs = random.pick([2_000, 100_000, dayMs])
    return { kind: 'jumpClock', node: random.below(nodes), byMs: random.between(-mostMs, mostMs) }
  },
  perform: (_scene, { byMs }, machine) => machine.jumpClock(byMs),
}
