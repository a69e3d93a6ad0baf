import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isAllowed,
  moves,
  statuses,
  transitions,
  type Status,
} from '../../../../node/orders/order-status.ts'

const aStatus = fc.constantFrom(...statuses)
const aMove = fc.constantFrom(...moves)

/** How far an order is; a move that is allowed never goes back. */
const rank: Record<Status, number> = {
  pending: 0,
  confirmed: 1,
  paid: 2,
  packed: 3,
  partially_shipped: 4,
  shipped: 5,
  delivered: 6,
  returned: 7,
  refunded: 8,
  cancelled: 9,
}

describe('the transition table', () => {
  it('never goes back by a move that is allowed', () => {
    fc.assert(
      fc.property(aStatus, aMove, (status, move) => {
        const cell = transitions[status][move]
        const after = cell.does === 'to' ? cell.status : status
        expect(rank[after]).toBeGreaterThanOrEqual(rank[status])
      }),
    )
  })

  it('leads from a new order to every state', () => {
    const reached = new Set<Status>(['pending', 'partially_shipped'])
    for (let before = 0; before < reached.size;) {
      before = reached.size
      for (const status of new Set(reached)) {
        for (const cell of Object.values(transitions[status])) {
          if (cell.does === 'to') reached.add(cell.status)
        }
      }
    }
    expect([...reached].sort()).toEqual([...statuses].sort())
  })

  it('allows whatever came true already to be said again', () => {
    for (const status of ['confirmed', 'paid', 'packed', 'delivered', 'cancelled'] as const) {
      expect(isAllowed(status, status)).toBe(true)
    }
  })

  it('lets nothing be sent, packed or edited of an order that is over', () => {
    for (const status of ['cancelled', 'returned', 'refunded'] as const) {
      for (const move of ['shipped', 'edited'] as const) expect(isAllowed(status, move)).toBe(false)
    }
    expect(isAllowed('cancelled', 'packed')).toBe(false)
  })

  it('lets nobody edit what is packed, or cancel what is sent', () => {
    for (const status of ['packed', 'partially_shipped', 'shipped', 'delivered'] as const) {
      expect(isAllowed(status, 'edited')).toBe(false)
    }
    for (const status of ['shipped', 'delivered'] as const) {
      expect(isAllowed(status, 'cancelled')).toBe(false)
    }
  })

  it('says what is to be done wherever a shipment met a cancellation', () => {
    expect(transitions.cancelled.shipped).toEqual({
      does: 'wins',
      status: 'shipped',
      task: 'return_to_do',
    })
    expect(transitions.shipped.cancelled).toEqual({ does: 'loses', task: 'return_to_do' })
  })
})
