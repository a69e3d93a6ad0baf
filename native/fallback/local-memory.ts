/**
 * The structures in plain TypeScript, for one thread: where no compiler was at hand, and the oracle that
 * the C++ module is tested against. What it lacks in reach it has in being obvious.
 */

import { nativeFault } from '../fault.ts'
import { memoryBytesMax } from '../limits.ts'
import type { Held, Maker, Memory } from '../memory.ts'
import { assertInteger } from './arguments.ts'
import { createBell } from './bell.ts'
import { createByteMap } from './byte-map.ts'
import { createGates } from './gates.ts'
import { createQueue } from './queue.ts'
import { createTokenBuckets } from './token-buckets.ts'
import { createUnboundedQueue } from './unbounded-queue.ts'

export const createLocalMemory = (): Memory => {
  let lastId = 0
  let heldBytes = 0
  let heldBytesMax = 2 ** 30
  /** To be told before anything is kept, so that a refusal changes nothing. */
  const counted: Counted = (bytes) => {
    if (bytes > 0 && heldBytes + bytes > heldBytesMax) {
      throw nativeFault('no_memory', 'The pool is at its limit')
    }
    heldBytes += bytes
  }

  const makerOf = <Structure extends object, Options>(
    make: (counted: Counted) => (options: Options) => Structure,
    handleOf: (structure: Structure) => Handle<Structure> = (structure) => ({ structure }),
  ): Maker<Structure & Held, Options> => {
    const shared = new Map<number, { readonly structure: Structure; holders: number }>()
    const ownBytes = new Map<number, number>()
    const hold = (id: number): Structure & Held => {
      const found = shared.get(id)
      if (!found) throw nativeFault('closed', 'Nobody holds it any more, or it is of another kind')
      found.holders++
      const { structure, letGo } = handleOf(found.structure)
      return held(structure, id, () => {
        letGo?.()
        if (--found.holders > 0) return
        shared.delete(id)
        counted(-(ownBytes.get(id) ?? 0))
        ownBytes.delete(id)
      })
    }
    return {
      create: (options) => {
        const id = lastId + 1
        const structure = make((bytes) => {
          counted(bytes)
          ownBytes.set(id, (ownBytes.get(id) ?? 0) + bytes)
        })(options)
        lastId = id
        shared.set(id, { structure, holders: 0 })
        return hold(id)
      },
      open: hold,
    }
  }

  return {
    isShared: false,
    queues: makerOf(createQueue),
    unboundedQueues: makerOf(createUnboundedQueue),
    maps: makerOf(createByteMap),
    gates: makerOf(() => createGates),
    tokenBuckets: makerOf(() => createTokenBuckets),
    bells: makerOf(() => createBell, bellHandle),
    usage: () => ({ askedBytes: heldBytes, usedBytes: heldBytes, reservedBytes: heldBytes }),
    limit: (bytesMax) => {
      assertInteger(bytesMax, 0, memoryBytesMax)
      heldBytesMax = bytesMax
    },
    // The collector of JavaScript does it.
    collect: () => undefined,
  }
}

/** Is told how many bytes more a structure will hold, and throws `no_memory` if they are too many. */
type Counted = (bytes: number) => void

/** What one holder has of a structure, and what else ends with it. */
interface Handle<Structure> {
  readonly structure: Structure
  readonly letGo?: () => void
}

/** Who listens through a handle stops when it is closed. */
const bellHandle = (bell: ReturnType<typeof createBell>): Handle<typeof bell> => {
  let own: (() => void) | undefined
  return {
    structure: {
      ...bell,
      listen: (wake) => {
        const listener = typeof wake === 'function' ? () => wake() : wake
        bell.listen(listener)
        own = listener
      },
      stopListening: () => bell.stopListening(),
    },
    letGo: () => {
      if (own) bell.stopListening(own)
    },
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
