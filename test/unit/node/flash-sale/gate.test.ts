import { describe, expect, test } from 'vitest'
import { createGate, openGate } from '../../../../node/flash-sale/gate.ts'

describe('the gate', () => {
  test('is open while no sale is on: there is nothing to turn anybody away from', () => {
    const gate = createGate(4)
    expect(gate.isClosed()).toBe(false)
    gate.set([0, 0])
    expect(gate.isClosed()).toBe(true)
    gate.set([])
    expect(gate.isClosed()).toBe(false)
  })

  test('is open as long as something is left of one of the sales', () => {
    const gate = createGate(4)
    gate.set([0, 3])
    expect(gate.isClosed()).toBe(false)
    expect([gate.left(0), gate.left(1)]).toEqual([0, 3])
    gate.set([0, 0])
    expect(gate.isClosed()).toBe(true)
  })

  test('is the same gate for another thread', () => {
    const gate = createGate(4)
    const other = openGate(gate.memory)
    gate.set([0])
    expect(other.isClosed()).toBe(true)
    gate.set([1])
    expect(other.isClosed()).toBe(false)
  })

  test('knows uncounted stock and stock beyond its numbers as a great many', () => {
    const gate = createGate(1)
    gate.set([Number.POSITIVE_INFINITY, 7])
    expect(gate.left(0)).toBe(2 ** 31 - 1)
    gate.set([-3])
    expect(gate.left(0)).toBe(0)
  })
})
