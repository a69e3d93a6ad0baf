import { expect, test } from 'vitest'
import { createLater } from '../../../../node/checkout/later.ts'
import { againMsMax, againMsMin } from '../../../../node/checkout/limits.ts'

test('what did not work is tried again later and later, but at least once a minute', () => {
  let nowMs = 0
  const later = createLater({ monotonic: () => nowMs })
  const pauses: number[] = []
  for (let tries = 0; tries < 12; tries++) {
    expect(later.isTooSoon('a')).toBe(false)
    later.tried('a')
    const beganMs = nowMs
    while (later.isTooSoon('a')) nowMs += 500
    pauses.push(nowMs - beganMs)
  }
  expect(pauses[0]).toBe(againMsMin)
  expect(pauses).toEqual(pauses.toSorted((a, b) => a - b))
  expect(pauses.at(-1)).toBe(againMsMax)
})

test('what has changed is tried at once', () => {
  const later = createLater({ monotonic: () => 0 })
  later.tried('a')
  later.tried('b')
  later.forget('a')
  expect(later.isTooSoon('a')).toBe(false)
  expect(later.isTooSoon('b')).toBe(true)
})

test('what nobody asks about any more is forgotten', () => {
  let nowMs = 0
  const later = createLater({ monotonic: () => nowMs })
  later.tried('a')
  nowMs = 3 * againMsMax
  later.sweep()
  later.tried('a')
  nowMs += againMsMin
  expect(later.isTooSoon('a')).toBe(false)
})
