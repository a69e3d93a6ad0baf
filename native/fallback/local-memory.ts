/**
 * The structures in plain TypeScript, for one thread: where no compiler was at hand, and the oracle that
 * the C++ module is tested against. What it lacks in reach it has in being obvious.
 */

import { nativeFault } from '../fault.ts'
import type { Held, Maker, Memory } from '../memory.ts'
import { createBell } from './bell.ts'
import { createByteMap } from './byte-map.ts'
import { createGates } from './gates.ts'
import { createQueue } from './queue.ts'
import { createTokenBuckets } from './token-buckets.ts'
import { createUnboundedQueue } from './unbounded-queue.ts'

export const createLocalMemory = (): Memory => {
  let lastId = 0
  let heldBytes = 0
  const counted = (bytes: number) => {
    heldBytes += bytes
  }

  const makerOf = <Structure extends object, Options>(
    make: (options: Options) => Structure,
  ): Maker<Structure & Held, Options> => {
    const shared = new Map<number, { readonly structure: Structure; holders: number }>()
    const hold = (id: number): Structure & Held => {
      const found = shared.get(id)
      if (!found) throw nativeFault('closed', 'Nobody holds it any more, or it is of another kind')
      found.holders++
      return held(found.structure, id, () => {
        if (--found.holders === 0) shared.delete(id)
      })
    }
    return {
      create: (options) => {
        const structure = make(options)
        const id = ++lastId
        shared.set(id, { structure, holders: 0 })
        return hold(id)
      },
      open: hold,
    }
  }

  return {
    isShared: false,
    queues: makerOf(createQueue(counted)),
    unboundedQueues: makerOf(createUnboundedQueue(counted)),
    maps: makerOf(createByteMap(counted)),
    gates: makerOf(createGates),
    tokenBuckets: makerOf(createTokenBuckets),
    bells: makerOf(createBell),
    usage: () => ({ askedBytes: heldBytes, usedBytes: heldBytes, reservedBytes: heldBytes }),
  }
}

/** The structure until it is closed; from then on every use of it throws. */
const held = <Structure extends object>(
  structure: Structure,
  id: number,
  letGo: () => void,
): Structure & Held => {
  let isOpen = true
  const guarded = Object.fromEntries(
    Object.entries(structure).map(([name, member]: [string, unknown]) => [
      name,
      typeof member !== 'function'
        ? member
        : (...given: readonly unknown[]): unknown => {
            if (!isOpen) throw nativeFault('closed', 'It was closed, or is of another kind')
            return Reflect.apply(member, undefined, given)
          },
    ]),
  ) as unknown as Structure
  return {
    ...guarded,
    id,
    close: () => {
      if (isOpen) letGo()
      isOpen = false
    },
  }
}
