import { describe, expect, onTestFinished, test } from 'vitest'
import { quarantineCommand } from '../../../../node/cli/quarantine.ts'
import { databaseFileOf, openDataDirectory } from '../../../../node/core/data-directory.ts'
import { refresh } from '../../../../node/core/rebuild.ts'
import { verify } from '../../../../node/core/verify.ts'
import * as change from '../../../../sync/change.ts'
import { noteKind, noteSql, noteTables, tag } from '../core/note.ts'
import { createTestCore, temporaryDirectory } from '../core/test-core.ts'
import { createOperator } from './operator.ts'

/** A directory in which mallory is in quarantine, since another second change of hers came. */
const forked = () => {
  const directory = temporaryDirectory()
  const alice = createTestCore({ file: databaseFileOf(directory) })
  refresh(alice.store, [noteKind])
  const mallory = createTestCore()
  for (const word of ['a', 'b', 'c']) mallory.run(tag('n', word)())
  const [first, second, third] = mallory.changes()
  const other = change.encode({ ...change.decode(second!), actor: 'admin/mallory' })
  alice.receive([first!, second!])
  alice.receive([other])
  const replica = mallory.replica()
  alice.store.close()
  return { directory, replica, third: third! }
}

const run = async (...args: readonly string[]) => {
  const operator = await createOperator()
  onTestFinished(() => operator.close())
  const code = quarantineCommand(operator.deps, args)
  return { code, out: operator.out(), err: operator.err() }
}

const verifyNotes = (directory: string) =>
  verify(directory, [noteKind], { sql: noteSql, tables: noteTables })

describe('atoll quarantine', () => {
  test('lists what told of two histories, and what is here', async () => {
    const { directory, replica } = forked()
    const { code, out } = await run(directory)
    expect(code).toBe(0)
    expect(out).toContain(`${replica} at change 2`)
    expect(out).toContain('refused: note.tagged by admin/mallory at 2026')
    expect(out).toContain('here:    note.tagged by admin/alice at 2026')
    expect(out).toContain(': 1 in quarantine')
    expect(verifyNotes(directory).notes).toEqual([
      expect.stringMatching(new RegExp(`^${replica} is in quarantine.*"atoll quarantine`)),
    ])
  })

  test('lifts it, and the replica is taken from again', async () => {
    const { directory, replica, third } = forked()
    const { code, out } = await run(directory, '--lift', replica)
    expect(code).toBe(0)
    expect(out).toContain(`${replica} is in quarantine no more`)
    expect(verifyNotes(directory)).toMatchObject({ findings: [], notes: [] })
    const alice = createTestCore({ file: databaseFileOf(directory) })
    expect(alice.receive([third])).toMatchObject({ taken: 1, problems: [] })
  })

  test('refuses a replica that is not in quarantine, and a node that runs', async () => {
    const { directory } = forked()
    expect(await run(directory, '--lift', 'ffffffffffffffff')).toMatchObject({
      code: 2,
      err: expect.stringContaining('is not in quarantine'),
    })
    const held = openDataDirectory(directory)
    expect(await run(directory)).toMatchObject({ code: 2, err: expect.stringContaining('open') })
    held.close()
  })

  test('says how it is used, and that there is nothing', async () => {
    expect(await run()).toMatchObject({ code: 2, err: expect.stringContaining('DIR [--lift') })
    expect(await run('--help')).toMatchObject({ code: 0 })
    expect(await run('/nowhere/at/all')).toMatchObject({ code: 2 })
  })
})
