/** The last-writer-wins register against its specification. */

import { describe, expect, it } from 'vitest'
import * as lwwRegister from '../../../../crdt/lww-register.ts'
import type { LwwRegister } from '../../../../crdt/lww-register.ts'
import { lastWriter } from '../lattices.ts'
import { alice, bob, carol } from '../replicas.ts'
import { byTime, everyView, standing } from './agreement.ts'

const valuesOf = (register: LwwRegister) =>
  lwwRegister.siblings(register).map(({ value }) => value.value)

describe('a last-writer-wins register', () => {
  it('shows the latest write of all, though it keeps only those no later write knew of', () => {
    everyView(lastWriter, (state, visible) => {
      expect(lwwRegister.read(state)).toEqual(byTime(visible).at(-1)?.operation)
    })
  })

  it('keeps every write that no later write knew of, latest first', () => {
    everyView(lastWriter, (state, visible) => {
      const expected = byTime(standing(visible, visible)).map(({ operation }) => operation)
      expect(valuesOf(state)).toEqual(expected.toReversed())
    })
  })

  it('lets the replica break a tie of times, the same way everywhere', () => {
    const time = { wallMs: 1, logical: 0 }
    const write = (replica: typeof alice, value: string) =>
      lwwRegister.write(lwwRegister.bottom, { ...time, replica }, value)
    const states = [write(alice, 'A'), write(bob, 'B'), write(carol, 'C')]
    const joined = states.reduce(lwwRegister.join)
    // 0b0b… < a11c… < ca60…
    expect(valuesOf(joined)).toEqual(['C', 'A', 'B'])
    expect(valuesOf(states.toReversed().reduce(lwwRegister.join))).toEqual(['C', 'A', 'B'])
  })

  it('loses its siblings to a write that knew of them', () => {
    const at = (wallMs: number, replica: typeof alice) => ({ wallMs, logical: 0, replica })
    const byAlice = lwwRegister.write(lwwRegister.bottom, at(1, alice), 'A')
    const byBob = lwwRegister.write(lwwRegister.bottom, at(2, bob), 'B')
    const both = lwwRegister.join(byAlice, byBob)
    expect(valuesOf(both)).toEqual(['B', 'A'])
    const settled = lwwRegister.join(both, lwwRegister.write(both, at(3, alice), 'A'))
    expect(valuesOf(settled)).toEqual(['A'])
    expect(valuesOf(lwwRegister.join(byBob, settled))).toEqual(['A'])
  })
})
