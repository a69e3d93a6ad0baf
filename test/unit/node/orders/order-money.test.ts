import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { VariantId } from '../../../../node/catalog/ids.ts'
import type { OrderLine } from '../../../../node/orders/agreement.ts'
import { valueOf } from '../../../../node/orders/order-money.ts'

const lineOf = (units: number, total: number): OrderLine => ({
  variant: 'v' as VariantId,
  sku: 'S',
  name: 'S',
  options: {},
  units,
  unitPrice: 0,
  discount: 0,
  tax: 0,
  total,
})

describe('what some units of a line cost', () => {
  const aLine = fc.record({
    units: fc.integer({ min: 1, max: 999 }),
    total: fc.integer({ min: 0, max: 1_000_000_000_000 }),
  })

  it('is nothing for none and all for all, and never less for more', () => {
    fc.assert(
      fc.property(aLine, ({ units, total }) => {
        const line = lineOf(units, total)
        const values = Array.from({ length: units + 1 }, (_, some) => valueOf(line, some))
        expect(values[0]).toBe(0)
        expect(values.at(-1)).toBe(total)
        expect(values).toEqual(values.toSorted((a, b) => a - b))
      }),
    )
  })

  it('is a unit’s share, to half of a minor unit', () => {
    fc.assert(
      fc.property(aLine, fc.double({ min: 0, max: 1, noNaN: true }), ({ units, total }, share) => {
        const some = Math.round(units * share)
        const exact = (total / units) * some
        expect(Math.abs(valueOf(lineOf(units, total), some) - exact)).toBeLessThanOrEqual(0.51)
      }),
    )
  })
})
