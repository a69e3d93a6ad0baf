import { describe, expect, test } from 'vitest'
import { proveSale, type SaleEvidence } from '../../../../node/story/steps/sell.ts'

const held: SaleEvidence = {
  sale: { variant: 'v', name: 'Brass sextant', units: 6 },
  sold: {
    eu: { orders: ['a', 'b', 'c'], soldOut: 3, failures: [] },
    us: { orders: ['d', 'e'], soldOut: 4, failures: [] },
    ap: { orders: ['f'], soldOut: 5, failures: [] },
  },
  left: { eu: 0, us: 0, ap: 0 },
  numbers: {
    eu: ['1', '2', '3', '4', '5', '6'],
    us: ['1', '2', '3', '4', '5', '6'],
    ap: ['1', '2', '3', '4', '5', '6'],
  },
  books: { captures: 6, paidOnce: 6 },
}

describe('the proof of the sale', () => {
  test('holds if every unit went to one order, or is left', () => {
    expect(proveSale(held)).toMatchObject({ holds: true })
    const fewer = { ...held.sold, ap: { orders: [], soldOut: 6, failures: [] } }
    const numbers = { eu: ['1', '2', '3', '4', '5'] }
    expect(
      proveSale({
        ...held,
        sold: fewer,
        left: { eu: 1, us: 1, ap: 1 },
        numbers: { eu: numbers.eu, us: numbers.eu, ap: numbers.eu },
        books: { captures: 5, paidOnce: 5 },
      }),
    ).toMatchObject({ holds: true })
  })

  test.each<[string, Partial<SaleEvidence>]>([
    ['a unit was sold twice', { sale: { ...held.sale, units: 5 } }],
    ['a unit is left that was sold', { left: { eu: 1, us: 1, ap: 1 } }],
    ['the nodes count differently', { left: { eu: 0, us: 1, ap: 0 } }],
    [
      'an order is lost at one node',
      { numbers: { ...held.numbers, us: ['1', '2', '3', '4', '5'] } },
    ],
    [
      'two orders have one number',
      { numbers: { ...held.numbers, ap: ['1', '1', '3', '4', '5', '6'] } },
    ],
    ['an order was paid twice', { books: { captures: 7, paidOnce: 5 } }],
    ['an order was not paid', { books: { captures: 5, paidOnce: 5 } }],
    [
      'somebody was told neither',
      { sold: { ...held.sold, us: { ...held.sold.us, failures: ['us answers 500'] } } },
    ],
  ])('does not hold if %s', (_, change) => {
    expect(proveSale({ ...held, ...change })).toMatchObject({ holds: false })
  })
})
