/** Dots and their text. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareDots, counterMax, dotKey, parseDot, replicaIdOf } from '../../../crdt/dot.ts'
import { runs } from './histories.ts'
import { alice, replicas } from './replicas.ts'

const dots = fc.record({
  replica: fc.constantFrom(...replicas),
  counter: fc.integer({ min: 1, max: counterMax }),
})

describe('a dot', () => {
  it('comes back from its text', () => {
    fc.assert(
      fc.property(dots, (dot) => {
        expect(parseDot(dotKey(dot))).toEqual(dot)
      }),
      runs(200),
    )
  })

  it('has the text of no other', () => {
    fc.assert(
      fc.property(dots, dots, (a, b) => {
        expect(dotKey(a) === dotKey(b)).toBe(compareDots(a, b) === 0)
        expect(Math.sign(compareDots(a, b))).toBe(-Math.sign(compareDots(b, a)) + 0)
      }),
      runs(200),
    )
  })

  it.each([
    '',
    ':',
    alice,
    `${alice}:`,
    `${alice}:0`,
    `${alice}:01`,
    `${alice}:-1`,
    `${alice}:1e3`,
    `${alice}:9007199254740992`,
    `${alice}:1:1`,
    `${alice.toUpperCase()}:1`,
    `${alice.slice(1)}:1`,
  ])('is not written as %j', (text) => {
    expect(parseDot(text)).toBeUndefined()
  })

  it('has a replica of eight bytes', () => {
    expect(() => replicaIdOf(new Uint8Array(7))).toThrow('Broken invariant')
  })
})
