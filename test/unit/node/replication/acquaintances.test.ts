import { describe, expect, test } from 'vitest'
import { replicaIdOf } from '../../../../crdt/dot.ts'
import type { SealedNote } from '../../../../node/core/sealed-note.ts'
import { createAcquaintances } from '../../../../node/replication/acquaintances.ts'

const mine = replicaIdOf(new Uint8Array(8).fill(1))
const folded = replicaIdOf(new Uint8Array(8).fill(2))

const createNotes = () => {
  const texts = new Map<SealedNote, string>()
  let written = 0
  return {
    read: (name: SealedNote) => texts.get(name),
    write: (name: SealedNote, text: string) => {
      written++
      texts.set(name, text)
    },
    written: () => written,
  }
}

const open = (notes = createNotes()) =>
  createAcquaintances({ notes, isInLog: (replica) => replica === mine })

const us = (counter: number, isConnected = true) => ({
  name: 'us',
  isConnected,
  durable: new Map([
    [mine, counter],
    [folded, 9],
  ]),
})

describe('what a node remembers of another', () => {
  test('is what it was last connected with, and what that held', () => {
    const notes = createNotes()
    open(notes).note([us(3)], 1_000)
    const again = open(notes)
    expect(again.with([], 5_000)).toEqual([
      { name: 'us', heardMs: 1_000, acknowledged: new Map([[mine, 3]]) },
    ])
  })

  test('grows while that is away, and is what that says while it is here', () => {
    const known = open()
    known.note([us(3)], 1_000)
    expect(known.with([us(2, false)], 2_000)).toMatchObject([
      { heardMs: 1_000, acknowledged: new Map([[mine, 3]]) },
    ])
    // It came back from a backup.
    expect(known.note([us(1)], 3_000)).toMatchObject([
      { heardMs: 3_000, acknowledged: new Map([[mine, 1]]) },
    ])
  })

  test('is written only when it changes, and not by a look', () => {
    const notes = createNotes()
    const known = open(notes)
    known.note([us(1, false)], 1_000)
    known.note([us(1, false)], 2_000)
    known.with([us(7)], 3_000)
    expect(notes.written()).toBe(1)
  })
})
