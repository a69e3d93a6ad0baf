import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { spokenFor, type Member } from '../../../../node/events/duty.ts'

const members: fc.Arbitrary<readonly Member[]> = fc
  .uniqueArray(fc.constantFrom('ap', 'eu', 'us', 'za'), { minLength: 1 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc.record({
          name: fc.constant(name),
          standing: fc.constantFrom('active' as const, 'gone' as const),
        }),
      ),
    ),
  )

test('every node is spoken for, and by one of those that are not gone', () => {
  fc.assert(
    fc.property(members, (all) => {
      const active = all.filter(({ standing }) => standing === 'active')
      fc.pre(active.length > 0)
      const spoken = active.flatMap(({ name }) => spokenFor(name, all))
      expect(spoken.toSorted()).toEqual(all.map(({ name }) => name).toSorted())
    }),
  )
})

test('a node speaks for itself whatever is said of it', () => {
  fc.assert(
    fc.property(members, (all) => {
      for (const { name } of all) expect(spokenFor(name, all)).toContain(name)
      expect(spokenFor('alone', [])).toEqual(['alone'])
    }),
  )
})
