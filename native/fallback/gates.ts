/** The gates of `memory.ts`, in one thread. */

import { nativeFault } from '../fault.ts'
import { cellsMax, unitsMax } from '../limits.ts'
import type { Gates, Held } from '../memory.ts'
import { assertInteger } from './arguments.ts'

export const createGates = ({ count }: { readonly count: number }): Omit<Gates, keyof Held> => {
  assertInteger(count, 1, cellsMax)
  const units = new Float64Array(count)

  const at = (gate: number): number => {
    assertInteger(gate, 0, count - 1)
    return units[gate] ?? 0
  }
  const put = (gate: number, value: number): number => {
    units[gate] = value
    return value
  }

  return {
    count,
    take: (gate, wanted) => {
      const left = at(gate)
      assertInteger(wanted, 0, unitsMax)
      return left < wanted ? undefined : put(gate, left - wanted)
    },
    refill: (gate, more) => {
      const left = at(gate)
      assertInteger(more, 0, unitsMax)
      if (left > unitsMax - more) {
        throw nativeFault('bad_argument', 'A gate cannot hold as many units')
      }
      return put(gate, left + more)
    },
    set: (gate, value) => {
      at(gate)
      assertInteger(value, 0, unitsMax)
      put(gate, value)
    },
    read: at,
  }
}
