/** Documents: several edits in one delta, and a schema's numbers. */

import { describe, expect, it } from 'vitest'
import * as causalContext from '../../../crdt/causal-context.ts'
import * as codec from '../../../crdt/codec.ts'
import * as document from '../../../crdt/document.ts'
import * as lwwRegister from '../../../crdt/lww-register.ts'
import * as orSet from '../../../crdt/or-set.ts'
import { isValue } from '../../../crdt/payload.ts'
import { alice, bob } from './replicas.ts'

const register = lwwRegister.shape(isValue)
const note = document.schema('note', 1, { title: [1, register], tags: [2, orSet.shape] })

const at = (wallMs: number, replica = alice) => ({ wallMs, logical: 0, replica })

const written = document.edit(note, note.bottom, {
  title: (title) => lwwRegister.write(title, at(1), 'one'),
  tags: [(tags) => orSet.add(tags, alice, 'red'), (tags) => orSet.add(tags, alice, 'blue')],
})

describe('an edit', () => {
  it('gives each of its mutations a dot of its own', () => {
    expect(causalContext.countDots(written.context)).toBe(3)
    expect(orSet.elements({ store: written.store.tags })).toEqual(['blue', 'red'])
    expect(lwwRegister.read({ store: written.store.title })).toBe('one')
  })

  it('lets a mutation see what those before it did', () => {
    const delta = document.edit(note, written, {
      tags: [
        (tags) => orSet.add(tags, bob, 'green'),
        (tags) => orSet.remove(tags, 'green'),
        (tags) => orSet.remove(tags, 'red'),
        (tags) => orSet.add(tags, bob, 'red'),
      ],
    })
    expect(orSet.elements({ store: delta.store.tags })).toEqual(['red'])
    const joined = note.join(written, delta)
    expect(orSet.elements({ store: joined.store.tags })).toEqual(['blue', 'red'])
  })

  it('claims to have seen only what it replaces and what it adds', () => {
    const delta = document.edit(note, written, {
      title: (title) => lwwRegister.write(title, at(2, bob), 'two'),
    })
    expect([...causalContext.dotsOf(delta.context)]).toEqual([
      { replica: alice, counter: 1 },
      { replica: bob, counter: 1 },
    ])
  })

  it('of nothing is empty, and one that removes is not', () => {
    expect(document.isEmpty(document.edit(note, written, {}))).toBe(true)
    expect(document.isEmpty(document.edit(note, written, { tags: [] }))).toBe(true)
    const removed = document.edit(note, written, { tags: (tags) => orSet.remove(tags, 'red') })
    expect(document.isEmpty(removed)).toBe(false)
  })

  it('leaves the document as it was', () => {
    expect(note.encode(note.bottom)).toEqual(Uint8Array.of(1, 0, 0))
  })
})

describe('a schema', () => {
  it('refuses two fields of one number: the wire could not tell them apart', () => {
    expect(() =>
      document.schema('note', 1, { title: [1, register], tags: [1, orSet.shape] }),
    ).toThrow('Broken invariant')
  })

  it('reads what a release with fewer fields wrote', () => {
    const later = document.schema('note', 2, { ...note.fields, marks: [3, orSet.shape] })
    const read = later.decode(note.encode(written))
    expect(orSet.elements({ store: read.store.tags })).toEqual(['blue', 'red'])
    expect(read.store.marks.size).toBe(0)
  })

  it('refuses a field that only a later release knows, rather than lose it', () => {
    const later = document.schema('note', 2, { ...note.fields, marks: [3, orSet.shape] })
    const delta = document.edit(later, later.bottom, {
      marks: (marks) => orSet.add(marks, alice, 'seen'),
    })
    expect(() => note.decode(later.encode(delta))).toThrow(codec.DecodeError)
  })
})
