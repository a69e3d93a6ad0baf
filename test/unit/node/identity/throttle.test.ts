import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createThrottle } from '../../../../node/identity/throttle.ts'

const createTimed = (options: { burst?: number; refillMs?: number; keysMax?: number } = {}) => {
  const clock = { ms: 1_000_000, now: () => clock.ms }
  const throttle = createThrottle({ clock, burst: 3, refillMs: 1_000, keysMax: 100, ...options })
  return { clock, throttle }
}

const takeUntilRefused = ({ throttle }: ReturnType<typeof createTimed>, key: string): number => {
  let taken = 0
  while (throttle.take(key) === 0) taken++
  return taken
}

describe('a throttle', () => {
  it('never lets more through than a burst and what came back since', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ waitMs: fc.nat(3_000), takes: fc.nat(5) })), (steps) => {
        const { clock, throttle } = createTimed()
        const beganMs = clock.ms
        let through = 0
        for (const { waitMs, takes } of steps) {
          clock.ms += waitMs
          for (let n = 0; n < takes; n++) if (throttle.take('alice') === 0) through++
        }
        expect(through).toBeLessThanOrEqual(3 + (clock.ms - beganMs) / 1_000)
      }),
    )
  })

  it('says exactly how long to wait', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), (sinceMs) => {
        const timed = createTimed()
        takeUntilRefused(timed, 'alice')
        timed.clock.ms += sinceMs
        const waitMs = timed.throttle.take('alice')
        timed.clock.ms += waitMs - 1
        expect(timed.throttle.take('alice')).toBe(1)
        timed.clock.ms += 1
        expect(timed.throttle.take('alice')).toBe(0)
      }),
    )
  })

  it('counts each key for itself', () => {
    const timed = createTimed()
    expect(takeUntilRefused(timed, 'alice')).toBe(3)
    expect(takeUntilRefused(timed, 'bob')).toBe(3)
  })

  it('gives an honest attempt back', () => {
    const { throttle } = createTimed()
    for (let n = 0; n < 100; n++) {
      expect(throttle.take('alice')).toBe(0)
      throttle.giveBack('alice')
    }
  })

  it('forgets the key not used longest when it is full, and no other', () => {
    const timed = createTimed({ keysMax: 2 })
    takeUntilRefused(timed, 'alice')
    takeUntilRefused(timed, 'bob')
    takeUntilRefused(timed, 'carol')
    expect(timed.throttle.take('bob')).toBeGreaterThan(0)
    expect(timed.throttle.take('alice')).toBe(0)
  })

  it('makes nobody wait longer than an empty bucket when the clock is set back', () => {
    const timed = createTimed()
    takeUntilRefused(timed, 'alice')
    timed.clock.ms -= 24 * 60 * 60 * 1_000
    expect(timed.throttle.take('alice')).toBeLessThanOrEqual(1_000)
  })
})
