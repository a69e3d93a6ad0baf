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
      .filter((file) =>
        /^export const .*\bjoin\b/m.test(readFileSync(new URL(file, folder), 'utf8')),
      )
      .map((file) => file.replace('.ts', ''))
    const names = subjects.map(({ name }) => name)
    expect(names.toSorted()).toEqual([...types, 'document'].toSorted())
  })
})

describe.each(subjects)('$name', (subject) => {
  const { lattice, absorb } = subject
  const { bottom, join, encode, decode } = lattice
  const bytesOf = (state: unknown) => hex(encode(state))

  const holds = (law: (history: History, pick: number) => void, numRuns = 150) =>
    fc.assert(
      fc.property(lossyScripts(subject), fc.nat({ max: 9_999 }), (script, pick) => {
        law(play(subject, script), pick)
      }),
      runs(numRuns),
    )

  it('joins in either order', () => {
    holds(({ replicas: [alice, bob] }) => {
      expect(bytesOf(join(alice!.state, bob!.state))).toBe(bytesOf(join(bob!.state, alice!.state)))
    })
  })

  it('joins in any grouping', () => {
    holds(({ replicas }) => {
      const [alice, bob, carol] = replicas.map(({ state }) => state)
      expect(bytesOf(join(join(alice, bob), carol))).toBe(bytesOf(join(alice, join(bob, carol))))
    })
  })

  it('joins a state with itself, or with bottom, to itself', () => {
    holds(({ replicas: [alice] }) => {
      const { state } = alice!
      expect(bytesOf(join(state, state))).toBe(bytesOf(state))
      expect(bytesOf(join(state, bottom))).toBe(bytesOf(state))
      expect(bytesOf(join(bottom, state))).toBe(bytesOf(state))
    })
  })

  it('only grows: a state is within what it is joined to', () => {
    holds(({ replicas: [alice, bob], events }) => {
      const joined = join(alice!.state, bob!.state)
      expect(bytesOf(join(alice!.state, joined))).toBe(bytesOf(joined))
      for (const { before, delta } of events) {
        const after = join(before, delta)
        expect(bytesOf(join(before, after))).toBe(bytesOf(after))
        expect(bytesOf(join(delta, after))).toBe(bytesOf(after))
      }
    })
  })

  it('gives the same bytes whatever the order, repetition and grouping of its deltas', () => {
    holds(({ events }, pick) => {
      const deltas = events.map(({ delta }) => delta)
      const inOrder = deltas.reduce((state, delta) => join(state, delta), bottom)
      const twice = shuffled([...deltas, ...deltas], pick)
      expect(bytesOf(twice.reduce((state, delta) => join(state, delta), bottom))).toBe(
        bytesOf(inOrder),
      )
      expect(bytesOf(grouped(subject, shuffled(deltas, pick + 1), pick))).toBe(bytesOf(inOrder))
    })
  })

  it('is the join of the deltas that its replica knows, in any order', () => {
    holds(({ events, replicas }, pick) => {
      for (const { known, state } of replicas) {
        const deltas = [...known].map((number) => events[number]!.delta)
        expect(
          bytesOf(shuffled(deltas, pick).reduce((joined, delta) => join(joined, delta), bottom)),
        ).toBe(bytesOf(state))
      }
    })
  })

  it('takes in place what a pure join would make: deltas, groups of them and whole states', () => {
    holds(({ events, replicas }, pick) => {
      const states = replicas.map(({ state }) => state)
      const group = grouped(
        subject,
        events.map(({ delta }) => delta),
        pick,
      )
      const parts = shuffled([...events.map(({ delta }) => delta), ...states, group], pick)
      for (const state of [bottom, ...states]) {
        for (const part of parts)
          expect(bytesOf(absorb(state, [part]))).toBe(bytesOf(join(state, part)))
        expect(bytesOf(absorb(state, parts))).toBe(
          bytesOf(parts.reduce((joined, part) => join(joined, part), state)),
        )
      }
    }, 60)
  })

  it('leaves the states that it joins as they were', () => {
    holds(({ events, replicas }) => {
      const states = [...replicas.map(({ state }) => state), ...events.map(({ delta }) => delta)]
      const before = states.map((state) => bytesOf(state))
      for (const state of states.slice(0, 3)) absorb(state, states)
      states.reduce((joined, state) => join(joined, state), bottom)
      expect(states.map((state) => bytesOf(state))).toEqual(before)
    }, 60)
  })

  it('comes back from its bytes as it went', () => {
    holds(({ replicas, events }) => {
      for (const state of [
        ...replicas.map((replica) => replica.state),
        ...events.map((event) => event.delta),
      ]) {
        expect(bytesOf(decode(encode(state)))).toBe(bytesOf(state))
        expect(plain(decode(encode(state)))).toEqual(plain(state))
      }
    })
  })

  it('has the same bytes however its maps came about', () => {
    holds(({ replicas: [alice] }) => {
      const mirrored = backwards(alice!.state)
      expect(bytesOf(mirrored)).toBe(bytesOf(alice!.state))
      expect(equals(lattice, mirrored, alice!.state)).toBe(true)
    })
  })

  it('has other bytes if it is another state', () => {
    holds(({ replicas: [alice, bob] }) => {
      const isSame = bytesOf(alice!.state) === hex(encode(bob!.state))
      expect(JSON.stringify(plain(alice!.state)) === JSON.stringify(plain(bob!.state))).toBe(isSame)
    })
  })

  describe('given bytes that nobody wrote', () => {
    /** What became of them: read and written again the same, or refused. All else is thrown on. */
    const outcomeOf = (bytes: Uint8Array): 'exact' | 'inexact' | 'refused' => {
      try {
        return bytesOf(decode(bytes)) === hex(bytes) ? 'exact' : 'inexact'
      } catch (error) {
        if (error instanceof codec.DecodeError) return 'refused'
        throw error
      }
    }

    it('decodes random ones exactly or not at all', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, hasVersion) => {
          const given = hasVersion ? Uint8Array.of(1, ...bytes) : bytes
          expect(outcomeOf(given)).not.toBe('inexact')
        }),
        runs(800),
      )
    })

    it('decodes damaged ones exactly or not at all', () => {
      const wounds = fc.array(damages, { minLength: 1, maxLength: 3 })
      fc.assert(
        fc.property(lossyScripts(subject), wounds, (script, damage) => {
          for (const { state } of play(subject, script).replicas) {
            expect(outcomeOf(damage.reduce(damaged, encode(state)))).not.toBe('inexact')
          }
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
  const insteadOfAfter: Record<Damage['kind'], readonly number[]> = {
    flip: [(after[0] ?? 0) ^ byte, ...after.subarray(1)],
    insert: [byte, ...after],
    delete: [...after.subarray(1)],
    huge: [...huge, ...after.subarray(1)],
    cut: [],
    repeat: [...after.subarray(0, byte), ...after],
  }
  return Uint8Array.of(...before, ...insteadOfAfter[kind])
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
  return names
    .sort()
    .map((name) => [name, plain(Object.entries(state).find(([key]) => key === name)?.[1])])
}

/** The same state with the order of its maps and sets turned round. */
const backwards = (state: unknown): unknown => {
  if (state instanceof Map) {
    return new Map([...state].reverse().map(([key, value]) => [key, backwards(value)] as const))
  }
  if (state instanceof Set) return new Set([...state].reverse())
  if (Array.isArray(state)) return state.map(backwards)
  if (typeof state !== 'object' || state === null) return state
  return Object.fromEntries(
    Object.entries(state)
      .reverse()
      .map(([name, value]) => [name, backwards(value)]),
  )
}
