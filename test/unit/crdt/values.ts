/** Arbitrary values a register may hold, the awkward ones often. */

import * as fc from 'fast-check'
import type { Value } from '../../../crdt/value.ts'

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    'toString',
    '0',
    '10',
    '9',
    '\uFEFF',
    '😀',
    '\u0000',
  ),
)

const numbers = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ noDefaultInfinity: true, noNaN: true }),
  fc.constantFrom(
    0,
    -1,
    127,
    128,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    2 ** 53,
    5e-324,
  ),
)

export const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    // A register cannot tell -0 from 0.
    numbers.map((number) => (number === 0 ? 0 : number)),
    texts,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(texts, tie('value'), { maxKeys: 4 }).map((entries) => ({ ...entries })),
  ),
})).value
