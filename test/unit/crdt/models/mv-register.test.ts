/** The multi-value register against its specification. */

import { describe, expect, it } from 'vitest'
import { compareTexts } from '../../../../crdt/codec.ts'
import * as mvRegister from '../../../../crdt/mv-register.ts'
import { multiValue } from '../lattices.ts'
import { everyView, standing } from './agreement.ts'

describe('a register of many values', () => {
  it('holds every value that no later write knew of, by replica', () => {
    everyView(multiValue, (state, visible) => {
      // Of one replica only its last write can stand, so the order of replicas is that of dots.
      const expected = standing(visible, visible)
        .toSorted((a, b) => compareTexts(a.author.replica, b.author.replica))
        .map(({ operation }) => operation)
      expect(mvRegister.values(state)).toEqual(expected)
    })
  })
})
