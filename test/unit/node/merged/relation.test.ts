import { describe, expect, test } from 'vitest'
import { relation, valuesOf } from '../../../../node/merged/relation.ts'

const things = relation('things', 'id', {
  id: 'text',
  made_at: ['timestamptz', 'made_ms'],
  is_new: 'boolean',
  details: 'jsonb',
})

describe('a row for the merged store', () => {
  test('has its values under the names of its columns, as the database takes them', () => {
    const row = { id: 'a', made_ms: 0, is_new: 1, details: '{}' }
    expect(valuesOf(things, row)).toEqual(['a', '1970-01-01T00:00:00.000Z', true, '{}'])
    expect(valuesOf(things, { id: 'a' })).toEqual(['a', null, null, null])
  })

  test('has nothing in it that PostgreSQL has no place for', () => {
    const details = JSON.stringify({ nul: '\0', half: '\ud800', pair: '🍵', said: '\\u0000' })
    const row = { id: 'a\0b', made_ms: Number.MAX_SAFE_INTEGER, is_new: 0, details }
    const [id, madeAt, isNew, kept] = valuesOf(things, row)
    expect([id, madeAt, isNew]).toEqual(['a\ufffdb', '9999-12-31T23:59:59.999Z', false])
    expect(JSON.parse(String(kept))).toEqual({
      nul: '\ufffd',
      half: '\ufffd',
      pair: '🍵',
      said: '\\u0000',
    })
  })
})
