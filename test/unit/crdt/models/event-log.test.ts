/** The log of events against its specification. */

import { describe, expect, it } from 'vitest'
import * as eventLog from '../../../../crdt/event-log.ts'
import { timestampOf } from '../../../../crdt/lww-register.ts'
import { log } from '../lattices.ts'
import { byTime, everyView } from './agreement.ts'

describe('a log', () => {
  it('holds every event, in the order of their times', () => {
    everyView(log, (state, visible) => {
      const expected = byTime(visible).map(({ operation }) => operation)
      expect(eventLog.entries(state).map(({ value }) => value.value)).toEqual(expected)
    })
  })

  it('puts no event before one that its writer knew of', () => {
    everyView(log, (state, visible) => {
      const times = eventLog.entries(state).map(timestampOf)
      const placeOf = (number: number) => {
        const event = visible.find((candidate) => candidate.number === number)
        return times.findIndex(
          ({ wallMs, logical, replica }) =>
            wallMs === event?.author.wallMs &&
            logical === event.author.logical &&
            replica === event.author.replica,
        )
      }
      for (const { number, past } of visible) {
        for (const earlier of past) expect(placeOf(earlier)).toBeLessThan(placeOf(number))
      }
    })
  })
})
