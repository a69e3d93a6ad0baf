/** The memory that this machine has: the C++ module where it was built, else its twin. */

import { loadAddon } from './addon.ts'
import { createLocalMemory } from './fallback/local-memory.ts'
import type { Memory } from './memory.ts'
import { createSharedMemory } from './shared-memory.ts'

export interface LoadedMemory {
  readonly memory: Memory
  /** Why the C++ module is not in use; undefined if it is. */
  readonly missing: string | undefined
}

/** `path` is another build of the module than the one in use. */
export const loadMemory = (path?: string): LoadedMemory => {
  const addon = loadAddon(path)
  return 'missing' in addon
    ? { memory: createLocalMemory(), missing: addon.missing }
    : { memory: createSharedMemory(addon), missing: undefined }
}
