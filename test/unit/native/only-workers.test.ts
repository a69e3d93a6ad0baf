/** The module stays and remembers, though only workers load it and all of them end. */

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { sharedMemory } from './memories.ts'
import type { Course } from './only-workers.ts'

const answersOf = async (course: Course): Promise<unknown> => {
  const program = join(import.meta.dirname, 'only-workers.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [program, course])
  return JSON.parse(stdout)
}

describe.skipIf(!sharedMemory)('a process whose main thread does not load the module', () => {
  test('what a terminated worker put is read by those it was handed on to', async () => {
    const read = [7, 8, 9]
    expect(await answersOf('handed on')).toEqual([
      { id: expect.any(Number) },
      { read },
      { read },
      { read },
    ])
  })

  // An unloaded library would count its numbers from one again, and give the old number to a new map.
  test('when no thread is left that loaded it, its numbers and its limit are kept', async () => {
    expect(await answersOf('let go')).toEqual([
      { id: expect.any(Number) },
      { opened: 'closed', isNewId: true, beyondLimit: 'no_memory' },
    ])
  })
})
