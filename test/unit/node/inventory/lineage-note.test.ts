import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLineageFile, type LineageNote } from '../../../../node/inventory/lineage-note.ts'
import { alice, bob } from '../../crdt/replicas.ts'
import { temporaryDirectory } from '../core/test-core.ts'

const note: LineageNote = {
  replicas: [
    { replica: bob, counter: 3 },
    { replica: alice, counter: 12 },
  ],
  aliveMs: 1_780_000_000_000,
  doubt: null,
}

test('a note is read where it was written, and after it was written over', () => {
  const directory = temporaryDirectory()
  const file = createLineageFile(directory)
  expect(file.read()).toEqual({ kind: 'none' })
  file.write(note)
  expect(file.read()).toEqual({ kind: 'own', note })
  file.write({ ...note, doubt: 'absent' })
  expect(createLineageFile(directory).read()).toEqual({
    kind: 'own',
    note: { ...note, doubt: 'absent' },
  })
})

test('a directory that was copied is found out, and so is one whose note was put back', () => {
  const [directory, copy] = [temporaryDirectory(), temporaryDirectory()]
  createLineageFile(directory).write(note)
  cpSync(directory, copy, { recursive: true })
  expect(createLineageFile(copy).read()).toEqual({ kind: 'foreign' })
  const path = join(directory, 'lineage.json')
  const text = readFileSync(path)
  rmSync(path)
  // Another file, so that the new one cannot be given the inode that has just become free.
  writeFileSync(join(directory, 'between'), text)
  writeFileSync(path, text)
  expect(createLineageFile(directory).read()).toEqual({ kind: 'foreign' })
})

test('a note that is cut or changed is nobody’s', () => {
  const directory = temporaryDirectory()
  const file = createLineageFile(directory)
  const path = join(directory, 'lineage.json')
  file.write(note)
  writeFileSync(path, readFileSync(path, 'utf8').replace('"counter":12', '"counter":11'))
  expect(file.read()).toEqual({ kind: 'foreign' })
  file.write(note)
  truncateSync(path, 40)
  expect(file.read()).toEqual({ kind: 'foreign' })
  truncateSync(path, 0)
  expect(file.read()).toEqual({ kind: 'foreign' })
})
