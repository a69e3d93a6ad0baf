/** A small kind of document for the core's tests: a note, with one field of every sort that is hard. */

import { schema as makeSchema, edit, type Document, type Edits } from '../../../../crdt/document.ts'
import * as escrowCounter from '../../../../crdt/escrow-counter.ts'
import * as lwwRegister from '../../../../crdt/lww-register.ts'
import * as orMap from '../../../../crdt/or-map.ts'
import * as orSet from '../../../../crdt/or-set.ts'
import type { Value } from '../../../../crdt/value.ts'
import { documentKind, draftDelta, type World } from '../../../../node/core/capability.ts'
import type { Command, RequestId } from '../../../../node/core/core.ts'
import { ok, refused } from '../../../../node/result.ts'
import type { Table } from '../../../../node/core/store.ts'

const isText = (value: Value): value is string => typeof value === 'string'
const text = lwwRegister.shape(isText)

const fields = {
  title: [1, text],
  tags: [2, orSet.shape],
  marks: [3, orMap.shape(text)],
  units: [4, escrowCounter.shape],
} as const

export const note = makeSchema('note', 1, fields)
export type Note = Document<typeof fields>

export const titleOf = ({ store }: Note) => lwwRegister.read({ store: store.title }) ?? ''
export const tagsOf = ({ store }: Note) => orSet.elements({ store: store.tags })
export const unitsOf = ({ store }: Note) => escrowCounter.available({ store: store.units })

const notes: Table = {
  name: 'notes',
  columns: ['id', 'title', 'units', 'siblings'],
  isSingle: true,
}
const noteTags: Table = {
  name: 'note_tags',
  columns: ['tag'],
  isSingle: false,
}

export const noteTables = [notes, noteTags]

export const noteSql = `
create table notes (document integer primary key, id text, title text, units integer, siblings integer) strict;
create table note_tags (document integer, tag text, primary key (document, tag)) strict, without rowid;
`

export const noteKind = documentKind({
  schema: note,
  tables: noteTables,
  project: (id, document) => ({
    notes: [
      {
        id,
        title: titleOf(document),
        units: unitsOf(document),
        siblings: document.store.title.size,
      },
    ],
    note_tags: tagsOf(document).map((tag) => ({ tag })),
  }),
})

type Edit = (world: World, document: Note) => Edits<typeof fields>

const editing =
  (type: string, id: string, editsOf: Edit) =>
  (request?: RequestId): Command => ({
    actor: 'admin/alice',
    input: undefined,
    ...(request ? { request } : {}),
    decide: (world) => {
      const document = world.read(note, id)
      const delta = edit(note, document, editsOf(world, document))
      return ok({ type, deltas: [draftDelta(note, id, delta)], answer: { id, type } })
    },
  })

export const rename = (id: string, title: string) =>
  editing('note.renamed', id, ({ time }) => ({
    title: (register) => lwwRegister.write(register, time, title),
  }))

export const tag = (id: string, element: string) =>
  editing('note.tagged', id, ({ replica }) => ({
    tags: (tags) => orSet.add(tags, replica, element),
  }))

export const untag = (id: string, element: string) =>
  editing('note.untagged', id, () => ({ tags: (tags) => orSet.remove(tags, element) }))

export const mark = (id: string, key: string, mark: string) =>
  editing('note.marked', id, ({ time }) => ({
    marks: (marks) =>
      orMap.update(marks, text, {
        key,
        edit: (register) => lwwRegister.write(register, time, mark),
      }),
  }))

export const unmark = (id: string, key: string) =>
  editing('note.unmarked', id, () => ({ marks: (marks) => orMap.remove(marks, text, key) }))

export const stock = (id: string, units: number) =>
  editing('note.stocked', id, ({ replica }) => ({
    units: (counter) => escrowCounter.receive(counter, replica, units),
  }))

/** Spends units of a note, or refuses: the rule that must see what those before it in a batch did. */
export const spend =
  (id: string, units: number) =>
  (request?: RequestId): Command => ({
    actor: 'cart/carol',
    input: undefined,
    ...(request ? { request } : {}),
    decide: (world) => {
      const document = world.read(note, id)
      const counter = { store: document.store.units, context: document.context }
      const spent = escrowCounter.spend(counter, world.replica, units)
      if (!escrowCounter.isDelta(spent)) {
        return refused({ code: 'quantity_out_of_range', detail: `${spent.missing} too many` })
      }
      const delta = edit(note, document, { units: () => spent })
      return ok({
        type: 'note.spent',
        deltas: [draftDelta(note, id, delta)],
        answer: { left: unitsOf(document) - units },
      })
    },
  })

/** A rule with a mistake in it. */
export const fail = (error: unknown): Command => ({
  actor: 'admin/alice',
  input: undefined,
  decide: () => {
    throw error
  },
})
