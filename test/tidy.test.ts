/** The house rules that a machine can hold. */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const all = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'])
  .toString()
  .split('\n')
const tracked = all.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
const sources = tracked.map((path) => ({ path, text: readFileSync(path, 'utf8') }))
const product = sources.filter(({ path }) => /^(crdt|sync|native|node)\//.test(path))

/** A folder may import itself and what its list names. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  crdt: [],
  sync: ['crdt'],
  native: [],
  node: ['crdt', 'sync', 'native'],
}

/** Capabilities share their nouns; stores, routes and rules are their own. */
const ownRooms = /\/(routes|[a-z]+-routes|store|queries|batch)\.ts$/

/** Where the real world is let in. */
const adapters = [
  'native/build.ts',
  'native/toolchain.ts',
  'native/stress/',
  'node/main.ts',
  'node/system.ts',
  'node/cli/node.ts',
  'node/cli/small-heap.ts',
  'node/story/',
  'node/http/server.ts',
  'node/http/health.ts',
  'sync/websocket.ts',
]

const importsOf = (text: string) =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, from = '']) => from)

const resolved = (path: string, from: string) =>
  from.startsWith('.') ? new URL(from, `file:///${path}`).pathname.slice(1) : from

const offences = (
  files: readonly { readonly path: string; readonly text: string }[],
  offence: (file: { readonly path: string; readonly text: string }) => readonly string[],
) => files.flatMap((file) => offence(file).map((what) => `${file.path}: ${what}`))

const withoutComments = (text: string) =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')

describe('the walls between folders', () => {
  test('imports point one way', () => {
    const found = offences(product, ({ path, text }) => {
      const [folder = ''] = path.split('/')
      const allowed = [folder, ...(mayImport[folder] ?? [])]
      return importsOf(text)
        .filter((from) => from.startsWith('.'))
        .map((from) => resolved(path, from))
        .filter((target) => !allowed.some((name) => target.startsWith(`${name}/`)))
    })
    expect(found).toEqual([])
  })

  test('crdt/ runs in a browser: it imports nothing of Node', () => {
    const crdt = product.filter(({ path }) => path.startsWith('crdt/'))
    const found = offences(crdt, ({ text }) =>
      importsOf(text).filter((from) => !from.startsWith('./') && !from.startsWith('lib0/')),
    )
    expect(found).toEqual([])
  })

  test("a capability reaches into no other one's routes or store", () => {
    const capabilities = ['catalog', 'cart', 'inventory', 'inspector', 'replication', 'identity']
    const found = offences(product, ({ path, text }) => {
      const own = capabilities.find((name) => path.startsWith(`node/${name}/`))
      if (!own) return []
      return importsOf(text)
        .map((from) => resolved(path, from))
        .filter((target) => capabilities.some((name) => target.startsWith(`node/${name}/`)))
        .filter((target) => !target.startsWith(`node/${own}/`) && ownRooms.test(target))
    })
    expect(found).toEqual([])
  })
})

describe('every file', () => {
  test('opens with a sentence that says what it is', () => {
    const found = offences(
      sources.filter(({ path }) => !path.startsWith('test/') && !path.endsWith('.config.ts')),
      ({ text }) => (/^\/\*\*[\s*]*[A-Z`][^*]*[.:?]/.test(text) ? [] : ['has no header sentence']),
    )
    expect(found).toEqual([])
  })

  test('is one idea: under 400 lines', () => {
    const found = offences(product, ({ text }) => {
      const lines = text.split('\n').length
      return lines > 400 ? [`${lines} lines`] : []
    })
    expect(found).toEqual([])
  })

  test('exports by name', () => {
    const found = offences(
      sources.filter(({ path }) => !path.endsWith('.config.ts')),
      ({ text }) => (/^export default /m.test(text) ? ['default export'] : []),
    )
    expect(found).toEqual([])
  })

  test('exports no class but the errors that are thrown', () => {
    const found = offences(product, ({ text }) =>
      [...text.matchAll(/^export class (\w+)/gm)]
        .map(([, name = '']) => name)
        .filter((name) => name !== 'Fault' && name !== 'DecodeError'),
    )
    expect(found).toEqual([])
  })
})

describe('the real world', () => {
  const banned =
    /\b(Date\.now\(|Math\.random\(|process\.env\b|setTimeout\(|setInterval\(|console\.)/g

  test('is passed in: no time, chance or environment outside the adapters', () => {
    const inside = product.filter(({ path }) => !adapters.some((name) => path.startsWith(name)))
    const found = offences(inside, ({ text }) =>
      [...withoutComments(text).matchAll(banned)].map(([what]) => what),
    )
    expect(found).toEqual([])
  })
})

describe('the law suite', () => {
  test('runs every type of crdt/', () => {
    const types = product
      .filter(({ path }) => path.startsWith('crdt/'))
      .filter(({ text }) => /export const \{ bottom, join, encode, decode \} =/.test(text))
      .map(({ path }) => path.replace('crdt/', '../../../crdt/'))
    const registry = sources.find(({ path }) => path === 'test/unit/crdt/lattices.ts')
    const missing = types.filter((path) => !registry?.text.includes(path))
    expect(types.length).toBeGreaterThan(5)
    expect(missing).toEqual([])
  })
})

describe('the documents', () => {
  test('name checks that exist', () => {
    // Decisions and the changelog tell of their day, and may name what is gone by now.
    const documents = all.filter(
      (path) => path.endsWith('.md') && !/^(docs\/decisions\/|CHANGELOG)/.test(path),
    )
    expect(documents).toContain('README.md')
    const found = documents.flatMap((path) =>
      [
        ...readFileSync(path, 'utf8').matchAll(
          /`((?:test|crdt|sync|native|node|bench|docs)\/[\w./-]+\.\w+)`/g,
        ),
      ]
        .map(([, named = '']) => named)
        .filter((named) => !isThere(named))
        .map((named) => `${path}: ${named}`),
    )
    expect(found).toEqual([])
  })
})

const isThere = (path: string): boolean => {
  try {
    readFileSync(path)
    return true
  } catch {
    return false
  }
}
