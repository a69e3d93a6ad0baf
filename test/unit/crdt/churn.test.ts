/** After any churn a state is about as small as one that was built of what is left. */

import { describe, expect, it } from 'vitest'
import * as document from '../../../crdt/document.ts'
import type { Timestamp } from '../../../crdt/hybrid-logical-clock.ts'
import * as live from '../../../crdt/live.ts'
import * as lwwRegister from '../../../crdt/lww-register.ts'
import * as orMap from '../../../crdt/or-map.ts'
import * as orSet from '../../../crdt/or-set.ts'
import { anyRegister } from './lattices.ts'
import { replicas } from './replicas.ts'

const keys = Array.from({ length: 10 }, (_, index) => `key-${index}`)
const schema = document.schema('churned', 1, {
  tags: [1, orSet.shape],
  marks: [2, orMap.shape(anyRegister)],
})

const time = (round: number): Timestamp => ({
  wallMs: 1_800_000_000_000 + round,
  logical: 0,
  replica: replicas[round % replicas.length]!,
})

const put = (state: document.Document<typeof schema.fields>, round: number, key: string) =>
  document.edit(schema, state, {
    tags: (tags) => orSet.add(tags, time(round).replica, key),
    marks: (marks) =>
      orMap.update(marks, anyRegister, {
        key,
        edit: (register) => lwwRegister.write(register, time(round), { quantity: 1 }),
      }),
  })

const take = (state: document.Document<typeof schema.fields>, key: string) =>
  document.edit(schema, state, {
    tags: (tags) => orSet.remove(tags, key),
    marks: (marks) => orMap.remove(marks, anyRegister, key),
  })

describe('1,000 adds of one element, and writes under one key', () => {
  it('leave one of each: every one takes the place of those before it', () => {
    const document = live.thaw(schema.shape, schema.bottom)
    for (let round = 0; round < 1_000; round++) {
      live.absorb(document, put(document, round, 'key-0'))
    }
    expect(document.store.tags.get('key-0')?.size).toBe(1)
    expect(document.store.marks.get('key-0')?.size).toBe(1)
  })
})

describe('100,000 adds and removes of ten keys', () => {
  it('leave at most twice the bytes of a fresh document that is equal, and no places', () => {
    const churned = live.thaw(schema.shape, schema.bottom)
    for (let round = 0; round < 50_000; round++) {
      const key = keys[(round * 7) % keys.length]!
      live.absorb(churned, put(churned, round, key))
      live.absorb(churned, take(churned, key))
    }
    expect(churned.store.tags.size + churned.store.marks.size).toBe(0)

    const fresh = live.thaw(schema.shape, schema.bottom)
    keys.forEach((key, index) => {
      live.absorb(churned, put(churned, 50_000 + index, key))
      live.absorb(fresh, put(fresh, index, key))
    })
    expect(orSet.elements({ store: churned.store.tags })).toEqual(keys)
    expect(churned.context.cloud.size).toBe(0)
    expect(schema.encode(churned).length).toBeLessThanOrEqual(2 * schema.encode(fresh).length)
    expect(churned.places.values().reduce((sum, own) => sum + own.size, 0)).toBe(20)
  })
})
