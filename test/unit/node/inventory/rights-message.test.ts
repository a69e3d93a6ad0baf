import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError } from '../../../../crdt/codec.ts'
import { productIdOf, variantIdOf } from '../../../../node/catalog/ids.ts'
import { mainLocation, stockIdOf } from '../../../../node/inventory/location-id.ts'
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
} from '../../../../node/inventory/rights-message.ts'
import { grantUnits } from '../../../../node/inventory/rights-rules.ts'
import { alice } from '../../crdt/replicas.ts'

const question = {
  stock: stockIdOf(variantIdOf(productIdOf('LAMP'), 'LAMP'), mainLocation),
  name: '0123456789abcdef',
  needed: 3,
  wished: 200,
  left: 0,
  perMinute: 12,
}

describe('what nodes ask each other', () => {
  test('is read as it was written', () => {
    expect(decodeQuestion(encodeQuestion(question))).toEqual(question)
    for (const answer of [
      { units: 0 },
      { units: 5, change: { replica: alice, counter: 7 } },
    ] as const) {
      expect(decodeAnswer(encodeAnswer(answer))).toEqual(answer)
    }
  })

  test('has these bytes', () => {
    const bytes = Buffer.from(encodeAnswer({ units: 5, change: { replica: alice, counter: 7 } }))
    expect(bytes.toString('hex')).toBe(`0105${alice}07`)
  })

  const errorOf = (work: () => unknown): unknown => {
    try {
      work()
      return undefined
    } catch (error) {
      return error
    }
  }

  test('is refused, whatever else comes, with one error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        for (const decode of [decodeQuestion, decodeAnswer]) {
          const error = errorOf(() => decode(bytes))
          expect(error === undefined || error instanceof DecodeError).toBe(true)
        }
      }),
    )
    const asked = (fields: object) => encodeQuestion({ ...question, ...fields })
    expect(() => decodeQuestion(asked({ stock: 'elsewhere' }))).toThrow(DecodeError)
    expect(() => decodeQuestion(asked({ name: 'me' }))).toThrow(DecodeError)
  })
})

describe('what a node grants', () => {
  const units = fc.nat(1_000)
  const asked = {
    needed: units,
    wished: units,
    left: units,
    perMinute: units,
    perMinuteHere: units,
  }

  test('is never more than it has or was asked for, and what is needed comes first', () => {
    fc.assert(
      fc.property(units, fc.record(asked), (free, input) => {
        const granted = grantUnits(free, input)
        expect(granted).toBeGreaterThanOrEqual(Math.min(free, input.needed))
        expect(granted).toBeLessThanOrEqual(Math.min(free, input.needed + input.wished))
      }),
    )
  })

  test('is a share by demand of what both have', () => {
    const input = { needed: 0, wished: 1_000, left: 0, perMinute: 30, perMinuteHere: 10 }
    expect(grantUnits(100, input)).toBe(75)
    expect(grantUnits(100, { ...input, left: 100 })).toBe(50)
    expect(grantUnits(100, { ...input, left: 400 })).toBe(0)
    expect(grantUnits(100, { ...input, perMinute: 0, perMinuteHere: 0 })).toBe(0)
  })
})
