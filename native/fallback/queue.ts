/** The bounded queue of `memory.ts`, in one thread: an array used as a ring. */

import { itemBytesMax, queueCapacityMax, queueCapacityMin, spinUsMax } from '../limits.ts'
import type { Held, Queue } from '../memory.ts'
import { assertBytes, assertInteger, assertWords, firstOf } from './arguments.ts'

export const createQueue =
  (counted: (bytes: number) => void) =>
  ({ capacity: asked }: { readonly capacity: number }): Omit<Queue, keyof Held> => {
    assertInteger(asked, queueCapacityMin, queueCapacityMax)
    const capacity = 2 ** Math.ceil(Math.log2(asked))
    const ring: (Uint8Array | undefined)[] = Array.from({ length: capacity })
    let head = 0
    let tail = 0

    const next = (): Uint8Array | undefined => (tail < head ? ring[tail % capacity] : undefined)

    return {
      capacity,
      push: (bytes, length) => {
        const item = firstOf(bytes, length, itemBytesMax)
        if (head - tail === capacity) return false
        counted(item.length)
        ring[head++ % capacity] = item.slice()
        return true
      },
      popMany: (target, lengths) => {
        assertBytes(target)
        assertWords(lengths)
        let used = 0
        let count = 0
        for (; count < lengths.length; count++) {
          const item = next()
          if (!item || used + item.length > target.length) break
          if (item.length > 0) target.set(item, used)
          lengths[count] = item.length
          used += item.length
          ring[tail++ % capacity] = undefined
        }
        counted(-used)
        return count
      },
      nextLength: () => next()?.length,
      size: () => head - tail,
      // Nobody else can push meanwhile.
      awaitItem: (spinUs) => {
        assertInteger(spinUs, 0, spinUsMax)
        return head > tail
      },
    }
  }
