/** The enable-wins flag against its specification. */

import { describe, expect, it } from 'vitest'
import * as ewFlag from '../../../../crdt/ew-flag.ts'
import { flag } from '../lattices.ts'
import { alice, bob } from '../replicas.ts'
import { everyView, standing } from './agreement.ts'

describe('a flag', () => {
  it('is on while there is an enable that no later disable knew of', () => {
    everyView(flag, (state, visible) => {
      const enables = visible.filter(({ operation }) => operation === 'enable')
      const left = standing(visible, enables, (later) => later === 'disable')
      expect(ewFlag.isEnabled(state)).toBe(left.length > 0)
    })
  })

  it('stays on if it is disabled by one who knew of another enable only', () => {
    const byAlice = ewFlag.enable(ewFlag.bottom, alice)
    const byBob = ewFlag.enable(ewFlag.bottom, bob)
    const off = ewFlag.join(byAlice, ewFlag.disable(byAlice))
    expect(ewFlag.isEnabled(off)).toBe(false)
    expect(ewFlag.isEnabled(ewFlag.join(off, byBob))).toBe(true)
  })
})
