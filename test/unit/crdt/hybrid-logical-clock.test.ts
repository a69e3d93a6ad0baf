/** The clock: it never runs backwards, follows others, and does not let itself be led astray. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as hlc from '../../../crdt/hybrid-logical-clock.ts'
import type { Clock, Timestamp } from '../../../crdt/hybrid-logical-clock.ts'
import { runs } from './histories.ts'
import { alice, bob, replicas } from './replicas.ts'

const start = 1_800_000_000_000

const isLater = (a: Clock, b: Clock) =>
  a.wallMs > b.wallMs || (a.wallMs === b.wallMs && a.logical > b.logical)

const timestamps: fc.Arbitrary<Timestamp> = fc.record({
  wallMs: fc.oneof(
    fc.integer({ min: start - 200_000, max: start + 200_000 }),
    fc.integer({ min: 0, max: hlc.wallMsMax }),
  ),
  logical: fc.oneof(
    fc.constantFrom(0, 1, hlc.logicalMax - 1, hlc.logicalMax),
    fc.nat({ max: hlc.logicalMax }),
  ),
  replica: fc.constantFrom(...replicas),
})

/** What may befall a clock: our own event, or one we hear of, at a physical time that may jump. */
const lives = fc.array(
  fc.record({
    jumpMs: fc.oneof(fc.constant(0), fc.integer({ min: -600_000, max: 600_000 })),
    heard: fc.option(timestamps, { nil: undefined }),
  }),
  { maxLength: 60 },
)

describe('a clock', () => {
  it('gives readings that always rise, past all it has accepted, whatever physical time does', () => {
    fc.assert(
      fc.property(lives, (life) => {
        let clock = hlc.bottom
        let nowMs = start
        for (const { jumpMs, heard } of life) {
          nowMs += jumpMs
          const accepted = heard && !hlc.isTooFarAhead(heard, nowMs) ? heard : hlc.bottom
          const after = heard ? hlc.receive(clock, heard, nowMs) : clock
          const ticked = hlc.tick(after, nowMs)
          expect(isLater(ticked, clock)).toBe(true)
          expect(isLater(ticked, accepted)).toBe(true)
          expect(ticked.logical).toBeLessThanOrEqual(hlc.logicalMax)
          clock = ticked
        }
      }),
      runs(500),
    )
  })

  it('is never led further ahead than the drift allowed, but for the milliseconds it borrows', () => {
    fc.assert(
      fc.property(lives, (life) => {
        let clock = hlc.bottom
        let [nowMs, latestMs, borrowed] = [start, start, 0]
        for (const { jumpMs, heard } of life) {
          nowMs += jumpMs
          latestMs = Math.max(latestMs, nowMs)
          if (heard) clock = hlc.receive(clock, heard, nowMs)
          const ticked = hlc.tick(clock, nowMs)
          if (ticked.wallMs === clock.wallMs + 1 && clock.logical === hlc.logicalMax) borrowed++
          clock = ticked
          expect(clock.wallMs).toBeLessThanOrEqual(latestMs + hlc.driftMsMax + borrowed)
        }
      }),
      runs(500),
    )
  })

  it('is not moved at all by a timestamp that is too far ahead', () => {
    const clock = { wallMs: start, logical: 7 }
    const poisoned = { wallMs: start + hlc.driftMsMax + 1, logical: 0, replica: bob }
    expect(hlc.isTooFarAhead(poisoned, start)).toBe(true)
    expect(hlc.receive(clock, poisoned, start)).toBe(clock)
    const justNot = { ...poisoned, wallMs: start + hlc.driftMsMax }
    expect(hlc.receive(clock, justNot, start)).toEqual({ wallMs: justNot.wallMs, logical: 0 })
  })

  it('borrows from the next millisecond when one has more events than it can count', () => {
    const full = { wallMs: start, logical: hlc.logicalMax }
    expect(hlc.tick(full, start)).toEqual({ wallMs: start + 1, logical: 0 })
    expect(hlc.tick(full, start - 5)).toEqual({ wallMs: start + 1, logical: 0 })
    expect(hlc.tick(full, start + 5)).toEqual({ wallMs: start + 5, logical: 0 })
  })

  it('stands still in physical time and still tells 200,000 events apart', () => {
    let clock = hlc.tick(hlc.bottom, start)
    for (let event = 1; event < 200_000; event++) clock = hlc.tick(clock, start)
    expect(clock).toEqual({ wallMs: start + 3, logical: 199_999 - 3 * (hlc.logicalMax + 1) })
  })
})

describe('a timestamp', () => {
  it('comes back from its text, which sorts as timestamps do', () => {
    fc.assert(
      fc.property(timestamps, timestamps, (a, b) => {
        expect(hlc.parse(hlc.format(a))).toEqual(a)
        const [left, right] = [hlc.format(a), hlc.format(b)]
        expect(Math.sign(hlc.compare(a, b))).toBe(left < right ? -1 : left > right ? 1 : 0)
      }),
      runs(500),
    )
  })

  it('is after every one that its writer had heard of', () => {
    const heard = { wallMs: start + 500, logical: 3, replica: bob }
    const clock = hlc.tick(hlc.receive(hlc.bottom, heard, start), start)
    expect(hlc.compare({ ...clock, replica: alice }, heard)).toBeGreaterThan(0)
  })

  it.each([
    '',
    `2026-01-31T12:00:00.000Z-0000-${alice}x`,
    `2026-01-31T12:00:00Z-0000-${alice}`,
    `2026-01-31T12:00:00.000Z-000-${alice}`,
    `2026-01-31T12:00:00.000Z-000G-${alice}`,
    `2026-01-31T12:00:00.000Z-00AB-${alice}`,
    `2026-13-31T12:00:00.000Z-0000-${alice}`,
    `2026-02-31T12:00:00.000Z-0000-${alice}`,
    `2026-01-31T24:00:00.000Z-0000-${alice}`,
    `1969-12-31T23:59:59.999Z-0000-${alice}`,
  ])('is not written as %j', (text) => {
    expect(hlc.parse(text)).toBeUndefined()
  })
})

it('takes the later of two readings: one of them, and not before the other', () => {
  const reading = fc.record({ wallMs: fc.nat({ max: 3 }), logical: fc.nat({ max: 3 }) })
  fc.assert(
    fc.property(reading, reading, (a, b) => {
      const later = hlc.later(a, b)
      expect([a, b]).toContain(later)
      for (const one of [a, b]) expect(isLater(one, later)).toBe(false)
    }),
  )
})
