/** The laws that every type of `crdt/` keeps, over random reachable states. */

import { readdirSync, readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as codec from '../../../crdt/codec.ts'
import { equals } from '../../../crdt/lattice.ts'
import { lossyScripts, play, runs, shuffled, type History } from './histories.ts'
import { subjects, type Subject } from './lattices.ts'

const folder = new URL('../../../crdt/', import.meta.url)

describe('the registry', () => {
  it('has every type of crdt/', () => {
    const types = readdirSync(folder)
      .filter((file) => file.endsWith('.ts'))
      .filter((file) => /^export const .*\bjoin\b/m.test(readFileSync(new URL(file, folder), 'utf8')))
      .map((file) => file.replace('.ts', ''))
    const names = subjects.map(({ name }) => name)
    expect(names.toSorted()).toEqual([...types, 'document'].toSorted())
  })
})

describe.each(subjects)('$name', (subject) => {
  const { lattice, absorb } = subject
  const { bottom, join, encode, decode } = lattice
  const same = (a: unknown, b: unknown) => expect(hex(encode(a))).toBe(hex(encode(b)))

  const holds = (law: (history: History, pick: number) => void, numRuns = 150) =>
    fc.assert(
      fc.property(lossyScripts(subject), fc.nat({ max: 9_999 }), (script, pick) =>
        law(play(subject, script), pick),
      ),
      runs(numRuns),
    )

  it('joins in either order', () => {
    holds(({ replicas: [alice, bob] }) =>
      same(join(alice!.state, bob!.state), join(bob!.state, alice!.state)),
    )
  })

  it('joins in any grouping', () => {
    holds(({ replicas }) => {
      const [alice, bob, carol] = replicas.map(({ state }) => state)
      same(join(join(alice, bob), carol), join(alice, join(bob, carol)))
    })
  })

  it('joins a state with itself, or with bottom, to itself', () => {
    holds(({ replicas: [alice] }) => {
      const { state } = alice!
      same(join(state, state), state)
      same(join(state, bottom), state)
      same(join(bottom, state), state)
    })
  })

  it('only grows: a state is within what it is joined to', () => {
    holds(({ replicas: [alice, bob], events }) => {
      const joined = join(alice!.state, bob!.state)
      same(join(alice!.state, joined), joined)
      for (const { before, delta } of events) {
        const after = join(before, delta)
        same(join(before, after), after)
        same(join(delta, after), after)
      }
    })
  })

  it('gives the same bytes whatever the order, repetition and grouping of its deltas', () => {
    holds(({ events }, pick) => {
      const deltas = events.map(({ delta }) => delta)
      const inOrder = deltas.reduce((state, delta) => join(state, delta), bottom)
      const twice = shuffled([...deltas, ...deltas], pick)
      same(
        twice.reduce((state, delta) => join(state, delta), bottom),
        inOrder,
      )
      same(grouped(subject, shuffled(deltas, pick + 1), pick), inOrder)
    })
  })

  it('is the join of the deltas that its replica knows, in any order', () => {
    holds(({ events, replicas }, pick) => {
      for (const { known, state } of replicas) {
        const deltas = [...known].map((number) => events[number]!.delta)
        same(
          shuffled(deltas, pick).reduce((joined, delta) => join(joined, delta), bottom),
          state,
        )
      }
    })
  })

  it('takes in place what a pure join would make: deltas, groups of them and whole states', () => {
    holds(({ events, replicas }, pick) => {
      const states = replicas.map(({ state }) => state)
      const group = grouped(subject, events.map(({ delta }) => delta), pick)
      const parts = shuffled([...events.map(({ delta }) => delta), ...states, group], pick)
      for (const state of [bottom, ...states]) {
        for (const part of parts) same(absorb(state, [part]), join(state, part))
        same(absorb(state, parts), parts.reduce((joined, part) => join(joined, part), state))
      }
    }, 60)
  })

  it('leaves the states that it joins as they were', () => {
    holds(({ events, replicas }) => {
      const states = [...replicas.map(({ state }) => state), ...events.map(({ delta }) => delta)]
      const before = states.map((state) => hex(encode(state)))
      for (const state of states.slice(0, 3)) absorb(state, states)
      states.reduce((joined, state) => join(joined, state), bottom)
      expect(states.map((state) => hex(encode(state)))).toEqual(before)
    }, 60)
  })

  it('comes back from its bytes as it went', () => {
    holds(({ replicas, events }) => {
      for (const state of [...replicas.map((replica) => replica.state), ...events.map((event) => event.delta)]) {
        same(decode(encode(state)), state)
        expect(plain(decode(encode(state)))).toEqual(plain(state))
      }
    })
  })

  it('has the same bytes however its maps came about', () => {
    holds(({ replicas: [alice] }) => {
      const mirrored = backwards(alice!.state)
      same(mirrored, alice!.state)
      expect(equals(lattice, mirrored, alice!.state)).toBe(true)
    })
  })

  it('has other bytes if it is another state', () => {
    holds(({ replicas: [alice, bob] }) => {
      const isSame = hex(encode(alice!.state)) === hex(encode(bob!.state))
      expect(JSON.stringify(plain(alice!.state)) === JSON.stringify(plain(bob!.state))).toBe(isSame)
    })
  })

  describe('given bytes that nobody wrote', () => {
    const isRefusedOrExact = (bytes: Uint8Array) => {
      let state: unknown
      try {
        state = decode(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(codec.DecodeError)
        return
      }
      expect(hex(encode(state))).toBe(hex(bytes))
    }

    it('decodes random ones exactly or not at all', () => {
      fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), isRefusedOrExact), runs(400))
      const withVersion = fc.uint8Array({ maxLength: 64 }).map((bytes) => Uint8Array.of(1, ...bytes))
      fc.assert(fc.property(withVersion, isRefusedOrExact), runs(400))
    })

    it('decodes damaged ones exactly or not at all', () => {
      fc.assert(
        fc.property(lossyScripts(subject), fc.array(damages, { minLength: 1, maxLength: 3 }), (script, damage) => {
          const { replicas } = play(subject, script)
          for (const { state } of replicas) isRefusedOrExact(damage.reduce(damaged, encode(state)))
        }),
        runs(400),
      )
    })

    it('refuses every cut', () => {
      holds(({ replicas: [alice] }) => {
        const bytes = encode(alice!.state)
        for (let length = 0; length < bytes.length; length++) {
          expect(() => decode(bytes.subarray(0, length))).toThrow(codec.DecodeError)
        }
      }, 20)
    })
  })
})

interface Damage {
  readonly kind: 'flip' | 'insert' | 'delete' | 'huge' | 'cut' | 'repeat'
  readonly place: number
  readonly byte: number
}

const damages: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('flip', 'insert', 'delete', 'huge', 'cut', 'repeat'),
  place: fc.nat({ max: 9_999 }),
  byte: fc.integer({ min: 1, max: 255 }),
})

/** The largest integer that is written in eight bytes. */
const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]

const damaged = (bytes: Uint8Array, { kind, place, byte }: Damage): Uint8Array => {
  const at = place % Math.max(1, bytes.length)
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (kind) {
    case 'flip':
      return Uint8Array.of(...before, (after[0] ?? 0) ^ byte, ...after.subarray(1))
    case 'insert':
      return Uint8Array.of(...before, byte, ...after)
    case 'delete':
      return Uint8Array.of(...before, ...after.subarray(1))
    case 'huge':
      return Uint8Array.of(...before, ...huge, ...after.subarray(1))
    case 'cut':
      return before
    case 'repeat':
      return Uint8Array.of(...before, ...after.subarray(0, byte), ...after)
  }
}

/** The join of all deltas, by way of groups that are joined first. */
const grouped = ({ lattice }: Subject, deltas: readonly unknown[], pick: number): unknown => {
  const size = 1 + (pick % 4)
  const groups = Array.from({ length: Math.ceil(deltas.length / size) }, (_, index) =>
    deltas
      .slice(index * size, (index + 1) * size)
      .reduce((group, delta) => lattice.join(group, delta), lattice.bottom),
  )
  return groups.reduce((joined, group) => lattice.join(joined, group), lattice.bottom)
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A state as JSON, its maps and sets as sorted lists, so that any two of the same state are equal. */
const plain = (state: unknown): unknown => {
  if (state instanceof Map) {
    const entries = [...state].map(([key, value]) => [key, plain(value)] as const)
    return entries.sort(([a], [b]) => codec.compareTexts(String(a), String(b)))
  }
  if (state instanceof Set) return [...state].sort((a, b) => Number(a) - Number(b))
  if (Array.isArray(state)) return state.map(plain)
  if (typeof state !== 'object' || state === null) return state
  // Only what makes a state; a live one has its books beside it.
  const names = 'context' in state && 'store' in state ? ['context', 'store'] : Object.keys(state)
  return names.sort().map((name) => [name, plain(Object.entries(state).find(([key]) => key === name)?.[1])])
}

/** The same state with the order of its maps and sets turned round. */
const backwards = (state: unknown): unknown => {
  if (state instanceof Map) {
    return new Map([...state].reverse().map(([key, value]) => [key, backwards(value)] as const))
  }
  if (state instanceof Set) return new Set([...state].reverse())
  if (Array.isArray(state)) return state.map(backwards)
  if (typeof state !== 'object' || state === null) return state
  return Object.fromEntries(Object.entries(state).reverse().map(([name, value]) => [name, backwards(value)]))
}
