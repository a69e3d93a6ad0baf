/**
 * Reads bytes as a program: a structure, and calls of it with arguments of every kind. Both memories run
 * it, and must answer the same, with the same bytes in the caller's arrays; only coded errors are thrown.
 */

import { isNativeFault } from '../fault.ts'
import type { Held, Memory } from '../memory.ts'

/** Runs the program; answers what differed, if anything did. */
export const runProgram = (input: Uint8Array, left: Memory, right: Memory): string | undefined => {
  const source = createSource(input)
  const kind = kinds[source.byte() % kinds.length]
  const sizes = [source.number(), source.number(), source.number()]
  const [ours, theirs] = [left, right].map((memory) => attempt(() => kind.create(memory, sizes)))
  if (!ours?.made || !theirs?.made) {
    return ours?.outcome === theirs?.outcome
      ? undefined
      : `create(${sizes.join()}): ${ours?.outcome}, but ${theirs?.outcome}`
  }
  try {
    for (let calls = 0; !source.isOver() && calls < callsMax; calls++) {
      const name = kind.methods[source.byte() % kind.methods.length]
      const from = source.at()
      const outcomes = [ours.made, theirs.made].map((structure) => {
        source.seek(from)
        return call(structure, name, source)
      })
      if (outcomes[0] !== outcomes[1]) return `${name}: ${outcomes[0]}, but ${outcomes[1]}`
      if (outcomes[0]?.startsWith('threw ')) return `${name}: ${outcomes[0]}`
    }
  } finally {
    ours.made.close()
    theirs.made.close()
  }
  return undefined
}

// So that an input is quick, and a finding short.
const callsMax = 16

type Method = (...given: readonly unknown[]) => unknown

interface Kind {
  readonly create: (memory: Memory, sizes: readonly number[]) => Held
  readonly methods: readonly string[]
}

/** A size that may be wrong, but is not so large as to take all the memory there is. */
const small = (size: number | undefined): number =>
  size !== undefined && size > 300 && size < 2 ** 31 ? size % 300 : (size ?? 0)

const kinds: readonly Kind[] = [
  {
    create: ({ queues }, [capacity]) => queues.create({ capacity: small(capacity) }),
    methods: ['push', 'push', 'popMany', 'nextLength', 'size', 'awaitItem', 'close'],
  },
  {
    create: ({ unboundedQueues }) => unboundedQueues.create(),
    methods: ['push', 'push', 'pop', 'size', 'close'],
  },
  {
    create: ({ maps }, [expected]) => maps.create({ expected: small(expected) }),
    methods: ['set', 'set', 'get', 'remove', 'size', 'bytes', 'scan', 'close'],
  },
  {
    create: ({ gates }, [count]) => gates.create({ count: small(count) }),
    methods: ['take', 'refill', 'set', 'read', 'close'],
  },
  {
    create: ({ tokenBuckets }, [count, burst = 0, perSecond = 0]) =>
      tokenBuckets.create({ count: small(count), burst, perSecond }),
    methods: ['take', 'take', 'close'],
  },
  {
    create: ({ bells }) => bells.create(),
    methods: ['listen', 'stopListening', 'sleep', 'stayAwake', 'ring', 'close'],
  },
]

const attempt = (make: () => Held): { readonly made?: Held; readonly outcome: string } => {
  try {
    return { made: make(), outcome: 'made' }
  } catch (error) {
    return { outcome: refusalOf(error) }
  }
}

const call = (structure: Held, name: string, source: Source): string => {
  const given = Array.from({ length: source.byte() % 4 }, () => source.argument())
  // It keeps the thread that long.
  if (name === 'awaitItem' && typeof given[0] === 'number') given[0] %= 4
  const method = Reflect.get(structure, name) as Method
  try {
    const answered = name === 'scan' ? scanned(method) : Reflect.apply(method, structure, given)
    return `${shown(answered)} ${given.map(shown).join(' ')}`
  } catch (error) {
    return refusalOf(error)
  }
}

const scanned = (scan: Method): string => {
  const entries: string[] = []
  scan((key: Uint8Array, value: Uint8Array) => entries.push(`${shown(key)}=${shown(value)}`))
  return entries.toSorted().join()
}

const refusalOf = (error: unknown): string =>
  isNativeFault(error) ? `refused ${error.code}` : `threw ${String(error)}`

/** Arrays by their bytes: what was written into them must agree too. */
const shown = (value: unknown): string => {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) return 'object'
  if (!(value instanceof Uint8Array || value instanceof Uint32Array)) return printed(value)
  let sum = value.length
  for (let at = 0; at < value.length; at++) sum = (Math.imul(sum, 31) + value[at]) | 0
  return `[${value.length}: ${sum}]`
}

const printed = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value

interface Source {
  byte(): number
  number(): number
  argument(): unknown
  at(): number
  seek(to: number): void
  isOver(): boolean
}

const createSource = (input: Uint8Array): Source => {
  let at = 0
  const byte = () => input[at++] ?? 0
  const number = (): number => {
    const which = byte()
    return which < 192 ? byte() : numbers[which % numbers.length]
  }
  const bytes = (): Uint8Array => {
    const length = lengths[byte() % lengths.length] ?? byte()
    return new Uint8Array(length).fill(byte())
  }
  const argument = (): unknown => {
    const which = byte()
    if (which < 100) return bytes()
    if (which < 200) return number()
    return odd[which % odd.length](bytes)
  }
  return {
    byte,
    number,
    argument,
    at: () => at,
    seek: (to) => {
      at = to
    },
    isOver: () => at >= input.length,
  }
}

const numbers = [
  -1,
  0.5,
  -0,
  255,
  256,
  1e3,
  1001,
  65535,
  65536,
  262144,
  262145,
  1e6,
  1000001,
  1048576,
  1048577,
  2 ** 31,
  2 ** 32,
  2 ** 33,
  2 ** 33 + 1,
  2 ** 52,
  2 ** 52 - 1,
  2 ** 53,
  2 ** 63,
  1e300,
  Number.NaN,
  Infinity,
  -Infinity,
]

/** About the lengths where something changes: a slot's, a key's, a class's; undefined: as the next byte says. */
const lengths = [0, 1, 4, undefined, undefined, 239, 240, 241, 305, 1_023, 1_024, 1_025, 5_000]

const odd: readonly ((bytes: () => Uint8Array) => unknown)[] = [
  () => new Uint32Array(4),
  () => new Uint32Array(64),
  () => new Uint32Array(0),
  (bytes) => Buffer.from(bytes()),
  (bytes) => bytes().subarray(1),
  (bytes) => {
    const array = bytes()
    structuredClone(array.buffer, { transfer: [array.buffer] })
    return array
  },
  () => {
    const array = new Uint32Array(4)
    structuredClone(array.buffer, { transfer: [array.buffer] })
    return array
  },
  () => {
    const buffer = new ArrayBuffer(64, { maxByteLength: 128 })
    const tracking = new Uint8Array(buffer)
    buffer.resize(16)
    return tracking
  },
  () => {
    const buffer = new ArrayBuffer(64, { maxByteLength: 128 })
    const outside = new Uint8Array(buffer, 32, 32)
    buffer.resize(16)
    return outside
  },
  (bytes) => {
    const shared = new Uint8Array(new SharedArrayBuffer(64))
    shared.set(bytes().subarray(0, 64))
    return shared
  },
  (bytes) => new Uint8ClampedArray(bytes()),
  () => new DataView(new ArrayBuffer(16)),
  () => new Float64Array(2),
  () => new BigUint64Array(2),
  () => new ArrayBuffer(8),
  () => Object.create(Uint8Array.prototype) as unknown,
  () => ({ length: 4, 0: 1 }),
  () => [1, 2, 3],
  () => undefined,
  () => null,
  () => true,
  () => 'text',
  () => '7',
  () => 7n,
  () => Symbol('s'),
  () => () => undefined,
  () => new Proxy(new Uint8Array(4), {}),
  () => ({
    valueOf: () => {
      throw new Error('never asked')
    },
  }),
]
