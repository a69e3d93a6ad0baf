/** The unbounded queue of `memory.ts`, in one thread: a list that is cut off where it was read. */

import { nativeFault } from '../fault.ts'
import { itemBytesMax } from '../limits.ts'
import type { Held, UnboundedQueue } from '../memory.ts'
import { assertBytes, firstOf } from './arguments.ts'

export const createUnboundedQueue =
  (counted: (bytes: number) => void) => (): Omit<UnboundedQueue, keyof Held> => {
    let items: Uint8Array[] = []
    let first = 0

    return {
      push: (bytes, length) => {
        const item = firstOf(bytes, length, itemBytesMax)
        counted(item.length)
        items.push(item.slice())
      },
      pop: (target) => {
        assertBytes(target)
        const item = items[first]
        if (!item) return undefined
        const missing = item.length - target.length
        if (missing > 0) throw nativeFault('too_long', `The item needs ${missing} bytes more`)
        if (item.length > 0) target.set(item)
        counted(-item.length)
        // Half of the list at a time, so that an item is moved once on average.
        if (++first * 2 > items.length) {
          items = items.slice(first)
          first = 0
        }
        return item.length
      },
      size: () => items.length - first,
    }
  }
