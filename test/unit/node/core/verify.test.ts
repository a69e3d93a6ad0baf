import Database from 'better-sqlite3'
import * as fc from 'fast-check'
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { databaseFileOf, openDataDirectory } from '../../../../node/core/data-directory.ts'
import { lineOf } from '../../../../node/core/findings.ts'
import { rebuild, refresh } from '../../../../node/core/rebuild.ts'
import { createSqliteStore } from '../../../../node/core/sqlite-store.ts'
import { verify } from '../../../../node/core/verify.ts'
import * as change from '../../../../sync/change.ts'
import { mark, noteKind, noteSql, noteTables, rename, stock, tag, untag } from './note.ts'
import { createTestCore, readModels, send, temporaryDirectory } from './test-core.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'

const verifyNotes = (directory: string) =>
  verify(directory, [noteKind], { sql: noteSql, tables: noteTables })

/** A directory that two replicas have written to, closed as a node that stops closes it. */
const filled = () => {
  const directory = temporaryDirectory()
  const alice = createTestCore({ file: databaseFileOf(directory) })
  const bob = createTestCore()
  refresh(alice.store, [noteKind])
  for (let index = 0; index < 12; index++) {
    const id = `n${index % 4}`
    alice.run(rename(id, `title ${index}`)())
    alice.run(tag(id, `tag ${index}`)({ id: `request ${index}`, fingerprint: '' }))
    bob.run(stock(id, 5)())
    bob.run(mark(id, 'colour', 'red')())
  }
  send(bob, alice)
  alice.execute([stock('n0', 1)(), untag('n1', 'tag 1')()])
  const digest = alice.digest()
  alice.store.close()
  return { directory, digest }
}

/** The same, and half of it folded. */
const folded = () => {
  const { directory, digest } = filled()
  const alice = createTestCore({ file: databaseFileOf(directory) })
  const halves = [...alice.state().heads].map(
    ([replica, { counter }]) => [replica, Math.floor(counter / 2)] as const,
  )
  alice.fold({ upTo: new Map(halves), changesMax: 1_000 })
  const strange = { kind: 'hologram', id: 'h', bytes: Uint8Array.of(1, 2, 3) }
  alice.join([strange])
  alice.store.close()
  return { directory, digest }
}

const placesOf = (directory: string) => [
  ...new Set(verifyNotes(directory).findings.map(({ where }) => where)),
]

/** Changes the database behind the node's back. */
const tamper = (directory: string, sql: string) => {
  const database = new Database(databaseFileOf(directory))
  database.pragma('foreign_keys = OFF')
  database.exec(sql)
  database.close()
}

test('a sound directory is proven, and left as it was', () => {
  const { directory, digest } = filled()
  const before = readFileSync(databaseFileOf(directory))
  expect(verifyNotes(directory)).toEqual({
    findings: [],
    notes: [],
    changes: 50,
    folded: 0,
    documents: 4,
    digest,
  })
  expect(readFileSync(databaseFileOf(directory)).equals(before)).toBe(true)
  expect(readdirSync(directory).filter((name) => name.startsWith('verify'))).toEqual([])
})

test('a sound directory of which a half was folded is proven', () => {
  const { directory, digest } = folded()
  const report = verifyNotes(directory)
  expect(report).toMatchObject({ findings: [], folded: 4, documents: 4, digest })
  expect(report.changes).toBeLessThan(30)
})

test('a directory that was never written to is proven', () => {
  const directory = temporaryDirectory()
  const store = createSqliteStore({ file: databaseFileOf(directory), ...readModels })
  refresh(store, [noteKind])
  store.close()
  expect(verifyNotes(directory)).toMatchObject({ findings: [], changes: 0 })
})

test('progress counts the changes', () => {
  const { directory } = filled()
  const told: number[] = []
  verify(directory, [noteKind], { sql: noteSql, tables: noteTables }, (changes) =>
    told.push(changes),
  )
  expect(told.at(-1)).toBe(50)
})

describe('what cannot be proven is said in one line', () => {
  test('a directory that is not there, which is not made', () => {
    const path = join(temporaryDirectory(), 'nowhere')
    expect(verifyNotes(path).findings.map(lineOf)).toEqual([
      `${path}: there is no database here. Check the path.`,
    ])
    expect(existsSync(path)).toBe(false)
  })

  test('a directory in use', () => {
    const { directory } = filled()
    const held = openDataDirectory(directory)
    expect(verifyNotes(directory).findings).toMatchObject([
      { what: `Another process has ${directory} open`, next: 'Stop the node and verify again.' },
    ])
    held.close()
  })

  test('a file that is no database', () => {
    const directory = temporaryDirectory()
    writeFileSync(databaseFileOf(directory), 'x'.repeat(9_000))
    expect(placesOf(directory)).toEqual(['database'])
  })

  test('what another release derived', () => {
    const { directory } = filled()
    const report = verify(directory, [], { sql: noteSql, tables: noteTables })
    expect(report.findings).toMatchObject([{ where: 'derived' }])
  })
})

describe('what is wrong is found where it is', () => {
  test.each([
    ['log', `update changes set bytes = x'00' where position = 3`],
    ['log', `update changes set wall_ms = 7 where position = 3`],
    ['log', `update changes set counter = 99 where position = 50`],
    ['chains', `delete from changes where position = 1`],
    ['chains', `delete from changes where position = 10`],
    ['chains', `update changes set hash = zeroblob(32) where position = 3`],
    ['heads', `update replicas set counter = counter + 1`],
    ['heads', `update replicas set hash = zeroblob(32)`],
    ['heads', `insert into replicas values (9, 'ffffffffffffffff', 3, zeroblob(32))`],
    ['heads', `delete from changes where position = (select max(position) from changes)`],
    ['quarantine', `insert into quarantine values ('ffffffffffffffff', 1, x'00')`],
    ['documents', `update documents set bytes = x'00' where id = 'n1'`],
    ['documents', `update documents set hash = zeroblob(32) where id = 'n1'`],
    ['documents', `delete from documents where id = 'n1'`],
    ['documents', `insert into documents values (99, 'note', 'n9', x'00', zeroblob(32))`],
    ['histories', `delete from touches where position = 3`],
    ['histories', `insert into touches values (99, 1)`],
    ['requests', `delete from requests where request = 'request 3'`],
    ['requests', `insert into requests values ('never asked', 1)`],
    ['table notes', `update notes set title = 'tampered' where id = 'n1'`],
    ['table notes', `update notes set title = null where id = 'n1'`],
    ['table notes', `delete from notes where id = 'n1'`],
    ['table note_tags', `insert into note_tags select number, 'tampered' from documents`],
    ['table note_tags', `insert into note_tags values (99, 'of no document')`],
    ['table notes', `update notes set document = 99 where id = 'n1'`],
    ['digest', `update state set value = zeroblob(32) where name = 'digest'`],
    [
      'clock',
      `update state set value = cast('{"wallMs":1,"logical":0}' as blob) where name = 'clock'`,
    ],
    ['derivation', `update state set value = cast('{}' as blob) where name = 'read_models'`],
    ['derived', `update state set value = cast('another 1' as blob) where name = 'kinds'`],
    ['derived', `update state set value = x'' where name = 'rows'`],
    ['tables', `drop table notes; create table notes (id, title, units, siblings)`],
    ['database', `pragma user_version = 9`],
    ['database', `pragma application_id = 9`],
  ])('%s: %s', (where, sql) => {
    const { directory } = filled()
    tamper(directory, sql)
    expect(placesOf(directory)).toContain(where)
  })

  test.each([
    ['base', `update folded set bytes = x'00' where id = 'n1'`],
    ['base', `update folded set hash = zeroblob(32) where id = 'n1'`],
    ['base', `delete from folded where id = 'n1'`],
    ['base', `update folded set id = 'n9' where id = 'n1'`],
    ['base', `insert into folded select 99, kind, id, bytes, hash from folded where id = 'n1'`],
    ['base', `update unread set bytes = x'00'`],
    ['base', `delete from unread`],
    ['base', `update state set value = zeroblob(32) where name = 'base'`],
    ['base', `delete from state where name = 'base'`],
    ['base', `update state set value = zeroblob(60) where name = 'horizon'`],
    ['base', `delete from state where name = 'horizon'`],
    ['base', `update state set value = x'' where name = 'horizon'`],
    ['documents', `update folded set document = document + 100`],
    ['documents', `update documents set bytes = x'00' where id = 'n1'`],
    ['chains', `update floors set counter = counter + 1`],
    ['chains', `update floors set counter = counter - 1`],
    ['chains', `update floors set hash = zeroblob(32)`],
    ['chains', `delete from floors`],
    ['chains', `delete from changes where position = (select max(position) - 3 from changes)`],
    ['chains', `delete from changes where position = (select min(position) from changes)`],
    ['heads', `insert into floors values (77, 3, zeroblob(32))`],
  ])('where changes were folded: %s: %s', (where, sql) => {
    const { directory } = folded()
    tamper(directory, sql)
    expect(placesOf(directory)).toContain(where)
  })

  test('a document that has lost its base is named, with what to do next', () => {
    const { directory } = filled()
    const alice = createTestCore({ file: databaseFileOf(directory) })
    const upTo = new Map([...alice.state().heads].map(([id, { counter }]) => [id, counter]))
    alice.fold({ upTo, changesMax: 1_000 })
    alice.store.close()
    tamper(directory, `delete from folded where id = 'n1'`)
    const { findings } = verifyNotes(directory)
    expect(findings.map(lineOf)).toContainEqual(
      expect.stringMatching(/^base: note\/n1 has neither a folded state nor a change\. Restore/),
    )
  })

  test('a change that was replaced by another whole one breaks its chain', () => {
    const { directory } = filled()
    const database = new Database(databaseFileOf(directory))
    const read = database.prepare<[], Buffer>('select bytes from changes where position = 3')
    const made = change.decode(read.pluck().get()!)
    const forged = change.encode({ ...made, actor: 'admin/mallory' })
    database.prepare('update changes set bytes = ? where position = 3').run(forged)
    database.close()
    expect(placesOf(directory)).toEqual(['chains'])
  })

  test('many of one kind are counted and not all listed', () => {
    const { directory } = filled()
    tamper(directory, `update changes set bytes = x'00'`)
    const { findings, notes } = verifyNotes(directory)
    const ofLog = findings.filter(({ where }) => where === 'log')
    expect(ofLog).toHaveLength(21)
    expect(ofLog.at(-1)).toMatchObject({ what: '30 more' })
    expect(notes).toHaveLength(1)
  })
})

test.each([
  ['whole', filled, 50],
  ['half folded', folded, 25],
])('a rebuild mends all that is derived of a log that is %s', (_name, make, changes) => {
  const { directory, digest } = make()
  tamper(
    directory,
    `update documents set bytes = x'00', hash = zeroblob(32); delete from notes;
     delete from touches; delete from requests; update state set value = zeroblob(32) where name = 'digest'`,
  )
  expect(placesOf(directory)).not.toEqual([])
  const store = createSqliteStore({ file: databaseFileOf(directory), ...readModels })
  expect(rebuild(store, [noteKind])).toBe(changes)
  store.close()
  expect(verifyNotes(directory)).toMatchObject({ findings: [], digest })
})

describe('bytes flipped anywhere', () => {
  /** All that anybody can read through SQL, if it can be read at all. */
  const contentOf = (file: string): string => {
    const database = new Database(file, { readonly: true })
    try {
      const schema = database.prepare('select type, name, sql from sqlite_schema').all()
      const own = ['replicas', 'changes', 'floors', 'folded', 'unread', 'quarantine']
      const derived = ['documents', 'touches', 'requests', 'notes', 'note_tags']
      const all = [...own, ...derived, 'state']
      const rows = all.map((table) => database.prepare(`select * from ${table}`).all())
      return JSON.stringify([schema, rows])
    } finally {
      database.close()
    }
  }

  const flipAt = (file: string, place: number, mask: number): void => {
    const bytes = readFileSync(file)
    const at = Math.floor(place * bytes.length)
    bytes[at]! ^= mask
    writeFileSync(file, bytes)
  }

  const flip = fc.record({
    place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    mask: fc.integer({ min: 1, max: 255 }),
  })

  test('in the database are found, or have changed nothing that can be read', () => {
    const { directory } = folded()
    const content = contentOf(databaseFileOf(directory))
    fc.assert(
      fc.property(fc.array(flip, { minLength: 1, maxLength: 3 }), (flips) => {
        const copy = temporaryDirectory()
        cpSync(directory, copy, { recursive: true })
        for (const { place, mask } of flips) flipAt(databaseFileOf(copy), place, mask)
        if (verifyNotes(copy).findings.length > 0) return
        expect(contentOf(databaseFileOf(copy))).toBe(content)
      }),
      { numRuns: isFull ? 5_000 : 150 },
    )
  })

  test('in the write-ahead log are found or noted, or have changed nothing', () => {
    const directory = temporaryDirectory()
    const alice = createTestCore({ file: databaseFileOf(directory) })
    refresh(alice.store, [noteKind])
    for (let index = 0; index < 10; index++) alice.run(tag('n', `${index}`)())
    fc.assert(
      fc.property(flip, ({ place, mask }) => {
        const copy = temporaryDirectory()
        for (const suffix of ['', '-wal']) {
          cpSync(databaseFileOf(directory) + suffix, databaseFileOf(copy) + suffix)
        }
        const content = contentOf(databaseFileOf(copy))
        flipAt(`${databaseFileOf(copy)}-wal`, place, mask)
        const { findings, notes } = verifyNotes(copy)
        if (findings.length + notes.length > 0) return
        expect(contentOf(databaseFileOf(copy))).toBe(content)
      }),
      { numRuns: isFull ? 2_000 : 60 },
    )
  })
})
