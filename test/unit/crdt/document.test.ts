/** Documents: several edits in one delta, and a schema's numbers. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as causalContext from '../../../crdt/causal-context.ts'
import * as codec from '../../../crdt/codec.ts'
import * as document from '../../../crdt/document.ts'
import { dotKey } from '../../../crdt/dot.ts'
import * as lwwRegister from '../../../crdt/lww-register.ts'
import * as orSet from '../../../crdt/or-set.ts'
import { isValue } from '../../../crdt/payload.ts'
import type { Value } from '../../../crdt/value.ts'
import { lossyScripts, play, runs } from './histories.ts'
import { documents, everything, type Everything } from './lattices.ts'
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

  it('claims, whatever its types, to have seen only what it takes away and what it adds', () => {
    fc.assert(
      fc.property(lossyScripts(documents), (script) => {
        for (const { before, delta } of play(documents, script).events) {
          const held = new Set<string>()
          everything.shape.visit(before.store, (_entry, _path, key) => held.add(key))
          for (const dot of causalContext.dotsOf(delta.context)) {
            const isNew = !causalContext.has(before.context, dot)
            expect(isNew || held.has(dotKey(dot))).toBe(true)
          }
        }
      }),
      runs(200),
    )
  })

  it('touches no other field', () => {
    fc.assert(
      fc.property(lossyScripts(documents), (script) => {
        for (const { before, delta, operation } of play(documents, script).events) {
          const edited = new Set<string>(operation.map(({ field }) => field))
          const after = everything.join(before, delta)
          const others = Object.keys(everything.fields).filter((name) => !edited.has(name))
          const storesOf = ({ store }: Everything) =>
            Object.entries(store).filter(([name]) => others.includes(name))
          expect(storesOf(after)).toEqual(storesOf(before))
        }
      }),
      runs(200),
    )
  })

  it('of one register claims its old dot and its new one', () => {
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

describe('the bytes of a document', () => {
  it('are refused if they have one dot name two things', () => {
    const forged = {
      ...written,
      store: { ...written.store, tags: new Map([...written.store.tags, ...twice(written)]) },
    }
    expect(() => note.decode(note.encode(forged))).toThrow('A dot names two things')
  })

  it('are refused if a field holds a value that is not of its kind', () => {
    const isText = (value: Value): value is string => typeof value === 'string'
    const strict = document.schema('note', 1, { title: [1, lwwRegister.shape(isText)] })
    const loose = document.schema('note', 1, { title: [1, register] })
    const edits = (value: Value): document.Edits<typeof loose.fields> => ({
      title: (title) => lwwRegister.write(title, at(1), value),
    })
    const text = loose.encode(document.edit(loose, loose.bottom, edits('one')))
    const number = loose.encode(document.edit(loose, loose.bottom, edits(1)))
    expect(strict.encode(strict.decode(text))).toEqual(text)
    expect(() => strict.decode(number)).toThrow('A value is not of its kind')
  })

  it('are refused if they hold a dot that their context has not seen', () => {
    const dot = { replica: alice, counter: 4 }
    const unseen = new Map([[dotKey(dot), { dot, value: true as const }]])
    const store = { ...written.store, tags: new Map([['red', unseen]]) }
    expect(() => note.decode(note.encode({ ...written, store }))).toThrow('not in its context')
  })
})

const twice = ({ store }: typeof written) =>
  [...store.tags].map(([element, dots]) => [`${element} again`, dots] as const)

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
