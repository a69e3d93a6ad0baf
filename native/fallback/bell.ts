/** The bell of `memory.ts`, in one thread: the listener is called once the ringing turn is over. */

import { nativeFault } from '../fault.ts'
import type { Bell, Held } from '../memory.ts'

interface LocalBell extends Omit<Bell, keyof Held> {
  /** If `only` is given, then only if that is who listens. */
  stopListening(only?: () => void): void
}

export const createBell = (): LocalBell => {
  let listener: (() => void) | undefined
  let isAsleep = false

  return {
    listen: (wake) => {
      if (typeof wake !== 'function') throw nativeFault('bad_argument', 'A function is missing')
      if (listener) throw nativeFault('busy', 'Somebody listens to it already')
      listener = wake
    },
    stopListening: (only) => {
      if (only && only !== listener) return
      listener = undefined
      isAsleep = false
    },
    sleep: () => {
      isAsleep = true
    },
    stayAwake: () => {
      isAsleep = false
    },
    ring: () => {
      const rung = listener
      if (!isAsleep || !rung) return false
      isAsleep = false
      queueMicrotask(() => {
        if (listener === rung) rung()
      })
      return true
    },
  }
}
