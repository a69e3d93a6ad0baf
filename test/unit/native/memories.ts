/** Both memories for tests; the C++ module is demanded where all services are. */

import { onTestFinished } from 'vitest'
import { createLocalMemory } from '../../../native/fallback/local-memory.ts'
import { isNativeFault } from '../../../native/fault.ts'
import { loadMemory } from '../../../native/load.ts'
import type { Held, Memory } from '../../../native/memory.ts'

const loaded = loadMemory()
if (loaded.missing !== undefined && process.env['ATOLL_TEST_SERVICES'] === 'required') {
  throw new Error(`The C++ module was not built: ${loaded.missing}`)
}

/** The C++ module's memory; undefined on a machine where it was not built. */
export const sharedMemory = loaded.missing === undefined ? loaded.memory : undefined

export const memories: readonly (readonly [name: string, memory: Memory])[] = [
  ['in plain TypeScript', createLocalMemory()],
  ...(sharedMemory ? [['in C++', sharedMemory] as const] : []),
]

/** Closes what a test made when the test is over. */
export const closing = <S extends Held>(structure: S): S => {
  onTestFinished(() => structure.close())
  return structure
}

export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
export const textOf = (bytes: Uint8Array, length = bytes.length): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1')

/** What a call answers, or the code it is refused with. */
export const outcomeOf = (call: () => unknown): unknown => {
  try {
    return call()
  } catch (error) {
    if (isNativeFault(error)) return { refused: error.code }
    throw error
  }
}
