/**
 * A process whose main thread never loads the module: its workers do, one after the other, as the argument
 * says. Prints what each answered, as one line of JSON.
 */

import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { isNativeFault } from '../../../native/fault.ts'
import { loadMemory } from '../../../native/load.ts'
import type { Memory } from '../../../native/memory.ts'

export type Course = 'handed on' | 'let go'

interface Turn {
  readonly step: keyof typeof steps
  readonly id: number
}

const key = new Uint8Array([1])
const bytesMax = 4_000_000

const steps = {
  // Nothing else: a thread that allocates has destructors pending, for which the C library keeps the module.
  limit: (memory: Memory) => {
    memory.limit(bytesMax)
    return {}
  },

  put: (memory: Memory) => {
    const map = memory.maps.create({ expected: 0 })
    map.set(key, new Uint8Array([7, 8, 9]))
    return { id: map.id }
  },

  read: (memory: Memory, id: number) => {
    const target = new Uint8Array(8)
    const length = memory.maps.open(id).get(key, target)
    return { read: length === undefined ? undefined : [...target.subarray(0, length)] }
  },

  // What nobody held is gone, and what is the process's is not.
  remember: (memory: Memory, id: number) => ({
    opened: codeOf(() => memory.maps.open(id)),
    isNewId: memory.maps.create({ expected: 0 }).id > id,
    beyondLimit: codeOf(() => memory.gates.create({ count: 100_000 })),
  }),
}

const codeOf = (call: () => unknown): string => {
  try {
    call()
    return 'none'
  } catch (error) {
    if (isNativeFault(error)) return error.code
    throw error
  }
}

const take = async (step: Turn['step'], id = 0) => {
  const worker = new Worker(new URL(import.meta.url), { workerData: { step, id } satisfies Turn })
  const [answer] = (await once(worker, 'message')) as [Record<string, unknown>]
  return { worker, answer, id: Number(answer['id']) }
}

if (isMainThread) {
  const limiting = await take('limit')
  await limiting.worker.terminate()
  const first = await take('put')
  const answers = [first.answer]
  if ((process.argv[2] as Course) === 'handed on') {
    // Held by the second one, before the first one goes.
    const second = await take('read', first.id)
    await first.worker.terminate()
    const third = await take('read', first.id)
    await second.worker.terminate()
    const fourth = await take('read', first.id)
    answers.push(second.answer, third.answer, fourth.answer)
    await Promise.all([third, fourth].map(({ worker }) => worker.terminate()))
  } else {
    await first.worker.terminate()
    const second = await take('remember', first.id)
    answers.push(second.answer)
    await second.worker.terminate()
  }
  process.stdout.write(`${JSON.stringify(answers)}\n`)
} else {
  const { step, id } = workerData as Turn
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(steps[step](loadMemory().memory, id))
  // Stays, and holds what it opened, until it is terminated.
  parentPort?.on('message', () => undefined)
}
