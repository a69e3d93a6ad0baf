/** Cart: operations of our cart document beside those of three well-known libraries, in memory. */

import type { Benchmark, Row, Unit } from '../benchmark.ts'
import { interleaved, type Figures } from '../measure.ts'
import { automerge } from './automerge.ts'
import type { CartLibrary, CartReplica } from './cart-library.ts'
import { loro } from './loro.ts'
import { ours } from './ours.ts'
import { yjs } from './yjs.ts'

const references = [yjs, automerge, loro]
const fewOperations = 50

export const cartBenchmark: Benchmark = {
  name: 'cart',
  about: 'adding and removing cart lines at one replica, and joining the updates at another',
  run: async ({ runs, isQuick }) => {
    const operations = operationsOf(isQuick ? 1_000 : 10_000)
    const libraries = [ours, ...references]
    for (const library of libraries) measure(library, operations.slice(0, 1_000))
    const measured = await interleaved<string, keyof CartFigures>(
      runs,
      Object.fromEntries(
        libraries.map((library) => [
          library.name,
          () => Promise.resolve(measure(library, operations)),
        ]),
      ),
    )
    const mine = measured['ours']!
    const rows = figures.flatMap(({ key, what, unit }) =>
      references.map(({ name }): Row => ({
        what: what.replace('{n}', operations.length.toLocaleString('en-US')),
        unit,
        ours: mine[key],
        reference: { name, value: measured[name]![key] },
      })),
    )
    return [
      ...rows,
      {
        what: 'stored after churn, beside the equal cart made anew',
        unit: 'bytes',
        ours: mine.churnedBytes,
        reference: { name: 'ours, made anew', value: mine.freshBytes },
        target: { of: 'ratio', is: 'at most', bound: 2 },
      },
      {
        what: `stored after ${addsToOneLine} adds to one line`,
        unit: 'bytes',
        ours: storedAfterAdds(addsToOneLine),
        reference: { name: 'ours, made anew', value: storedAfterAdds(1) },
      },
    ]
  },
}

type CartFigures = Figures<
  'perSecond' | 'joinedPerSecond' | 'updateBytes' | 'fewBytes' | 'churnedBytes' | 'freshBytes'
>

const figures: readonly { key: keyof CartFigures; what: string; unit: Unit }[] = [
  { key: 'perSecond', what: 'operations, each with its update', unit: '/s' },
  { key: 'joinedPerSecond', what: 'updates joined at another replica', unit: '/s' },
  { key: 'updateBytes', what: 'an update', unit: 'bytes' },
  { key: 'fewBytes', what: `stored after ${fewOperations} operations`, unit: 'bytes' },
  { key: 'churnedBytes', what: 'stored after {n} operations', unit: 'bytes' },
]

interface Operation {
  readonly line: string
  /** 0 takes the line out. */
  readonly quantity: number
}

const measure = (library: CartLibrary, operations: readonly Operation[]): CartFigures => {
  const alice = library.open(0)
  const bob = library.open(1)
  const start = performance.now()
  const updates = operations.map((operation) => perform(alice, operation))
  const joining = performance.now()
  for (const update of updates) bob.apply(update)
  const end = performance.now()
  assertSame(library, alice, bob)

  const few = library.open(0)
  for (const operation of operations.slice(0, fewOperations)) perform(few, operation)
  const fresh = library.open(0)
  for (const [line, quantity] of alice.quantities()) fresh.add(line, quantity)
  assertSame(library, alice, fresh)
  return {
    perSecond: (operations.length / (joining - start)) * 1_000,
    joinedPerSecond: (operations.length / (end - joining)) * 1_000,
    updateBytes: updates.reduce((sum, { length }) => sum + length, 0) / updates.length,
    fewBytes: few.stored().length,
    churnedBytes: alice.stored().length,
    freshBytes: fresh.stored().length,
  }
}

// Every add leaves a tag until the line is removed or set: the price of never losing one.
const storedAfterAdds = (count: number): number => {
  const cart = ours.open(0)
  const line = lineOf(0)
  for (let add = 0; add < count; add++) cart.add(line, addsToOneLine / count)
  return cart.stored().length
}

const perform = (cart: CartReplica, { line, quantity }: Operation): Uint8Array =>
  quantity === 0 ? cart.remove(line) : cart.add(line, quantity)

const assertSame = ({ name }: CartLibrary, a: CartReplica, b: CartReplica): void => {
  const [left, right] = [a, b].map((cart) =>
    JSON.stringify([...cart.quantities()].sort(([x], [y]) => (x < y ? -1 : 1))),
  )
  if (left !== right) throw new Error(`${name}: two replicas of one cart differ`)
}

/** Of one line, before the cart's rules refuse more. */
const addsToOneLine = 500
const lineCount = 20
const removeShare = 0.4

// A cart in long use: things are put in, more of them too, and what is in is taken out again.
const operationsOf = (count: number): readonly Operation[] => {
  const random = seeded(7)
  const present = new Set<string>()
  return Array.from({ length: count }, () => {
    const removed = [...present][Math.floor(random() * present.size)]
    if (removed !== undefined && random() < removeShare) {
      present.delete(removed)
      return { line: removed, quantity: 0 }
    }
    const line = lineOf(Math.floor(random() * lineCount))
    present.add(line)
    return { line, quantity: 1 + Math.floor(random() * 3) }
  })
}

// The same numbers in every run: Mulberry32.
const seeded = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}

// As long as a variant's id, and as little alike.
const lineOf = (line: number): string => {
  const random = seeded(line + 100)
  const digit = () => Math.floor(random() * 32).toString(32)
  const digits = (length: number) => Array.from({ length }, digit).join('')
  return `${digits(20)}-${digits(8)}`
}
