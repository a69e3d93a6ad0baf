/** `atoll import`, from the command line to a node that answers, breaks off or is not there. */

import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ProcessDeps } from '../../../../node/cli/command.ts'
import { importCommand } from '../../../../node/cli/import.ts'
import { createOperator, type Operator } from './operator.ts'
import { admin, createPretendNode, type PretendNode } from './pretend-node.ts'

let node: PretendNode
let alice: Operator

beforeEach(async () => {
  node = await createPretendNode()
  alice = await createOperator({
    ATOLL_ADMIN_EMAIL: admin.email,
    ATOLL_ADMIN_PASSWORD: admin.password,
  })
})
afterEach(async () => {
  await node.close()
  await alice.close()
})

const product = (n: number) => JSON.stringify({ sku: `P-${n}`, name: `Product ${n}`, price: n })

const catalog = (count: number): string[] => Array.from({ length: count }, (_, n) => product(n + 1))

const write = async (lines: readonly string[], name = 'catalog.ndjson'): Promise<string> => {
  const file = join(alice.directory, name)
  await writeFile(file, lines.map((line) => `${line}\n`).join(''))
  return file
}

const run = (file: string, ...flags: readonly string[]): Promise<number> =>
  importCommand(alice.deps, [file, '--to', node.url.href, ...flags])

const checkpoint = (file: string): string => `${file}.atoll-import.json`

describe('a catalog that is in order', () => {
  test('goes in whole, as the body of POST /products says it', async () => {
    const line = {
      sku: 'JACKET',
      name: 'Jacket',
      description: 'Warm.',
      brand: 'Kelp',
      categories: ['Clothing', 'Jackets'],
      tags: ['wool'],
      price: 120.5,
      currency: 'EUR',
      image: 'https://a.example/1.jpg',
      popularity: 7,
      variants: [
        { sku: 'JACKET-S', options: { Size: 'S' }, quantity: 3 },
        { sku: 'JACKET-M', options: { Size: 'M' }, price: 130 },
      ],
    }
    const plain = { sku: 'BOOK', name: 'Book', price: 9, quantity: 4 }
    expect(await run(await write([JSON.stringify(line), JSON.stringify(plain)]))).toBe(0)
    expect(node.products.get('JACKET')).toEqual({
      sku: 'JACKET',
      name: 'Jacket',
      description: 'Warm.',
      brand: 'Kelp',
      categories: ['Clothing', 'Jackets'],
      tags: ['wool'],
      price: { amount: 12050, currency: 'EUR' },
      images: [{ url: 'https://a.example/1.jpg' }],
      popularity: 7,
      variants: [
        { sku: 'JACKET-S', options: { Size: 'S' }, initialQuantity: 3 },
        { sku: 'JACKET-M', options: { Size: 'M' }, price: { amount: 13000, currency: 'EUR' } },
      ],
    })
    expect(node.products.get('BOOK')).toMatchObject({ initialQuantity: 4 })
    expect(alice.out()).toMatch(
      /^2 products in .*: 2 created, 0 updated, 0 unchanged, 0 rejected\n$/,
    )
    expect(alice.err()).toBe('')
  })

  test('goes in batches of 500 with two requests outstanding', async () => {
    const second = Promise.withResolvers<void>()
    let outstanding = 0
    let most = 0
    let sent = 0
    // The first answer is held back until a second batch is on its way.
    const deps: ProcessDeps = {
      ...alice.deps,
      fetch: async (...request) => {
        const response = fetch(...request)
        if (!new Request(request[0]).url.endsWith(':batch')) return response
        outstanding += 1
        sent += 1
        most = Math.max(most, outstanding)
        if (sent === 2) second.resolve()
        await second.promise
        outstanding -= 1
        return response
      },
    }
    const file = await write(catalog(2_750))
    expect(await importCommand(deps, [file, '--to', node.url.href])).toBe(0)
    expect(node.seen.batches).toBe(6)
    expect(most).toBe(2)
    expect(node.products.size).toBe(2_750)
    expect(existsSync(checkpoint(file))).toBe(false)
  })

  test('goes in batches of at most 4 MiB', async () => {
    const description = 'x'.repeat(20_000)
    const lines = Array.from({ length: 300 }, (_, n) =>
      JSON.stringify({ sku: `L-${n}`, name: 'Long', description, price: 1 }),
    )
    expect(await run(await write(lines))).toBe(0)
    expect(node.seen.batches).toBe(2)
    expect(node.products.size).toBe(300)
  })

  test('is unchanged the second time', async () => {
    const file = await write(catalog(3))
    await run(file)
    expect(await run(file)).toBe(0)
    expect(alice.out()).toContain('0 created, 0 updated, 3 unchanged, 0 rejected')
  })

  test('may be empty', async () => {
    expect(await run(await write([]))).toBe(0)
    expect(node.seen.batches).toBe(0)
  })

  test('may be Shopify’s CSV in another currency', async () => {
    const file = await write(['Handle,Title,Variant Price', 'oar,Oar,40.50'], 'products.csv')
    expect(await run(file, '--currency', 'EUR')).toBe(0)
    expect(node.products.get('oar')).toMatchObject({ price: { amount: 4050, currency: 'EUR' } })
  })
})

describe('rejected lines', () => {
  test('are listed with number and reason, and the others go in', async () => {
    node.rules.refuses = ({ sku }) =>
      sku === 'P-3' ? { code: 'sku_taken', detail: 'Another product has this SKU.' } : undefined
    const file = await write([
      product(1),
      '{"sku":"x"}',
      product(3),
      `{"sku":"${'x'.repeat(5_000_000)}"}`,
      product(5),
    ])
    expect(await run(file)).toBe(1)
    expect([...node.products.keys()]).toEqual(['P-1', 'P-5'])
    expect(alice.err().split('\n')).toEqual([
      'line 2: name: is missing; price: is missing',
      'line 3 (P-3): Another product has this SKU.',
      'line 4: the line has more than 1048576 bytes',
      '',
    ])
    expect(alice.out()).toContain('5 products in')
    expect(alice.out()).toContain('2 created, 0 updated, 0 unchanged, 3 rejected')
  })

  test('are counted beyond the first fifty, and all of them in the rejects file', async () => {
    const file = await write([...Array.from({ length: 1_100 }, () => '{}'), product(1)])
    const rejects = join(alice.directory, 'rejects.ndjson')
    expect(await run(file, '--rejects', rejects)).toBe(1)
    expect(
      alice
        .err()
        .split('\n')
        .filter((line) => line.startsWith('line ')),
    ).toHaveLength(50)
    expect(alice.err()).toContain('and 1,050 more; --rejects FILE writes all of them')
    const lines = (await readFile(rejects, 'utf8')).trim().split('\n')
    expect(lines).toHaveLength(1_100)
    expect(JSON.parse(lines[1_099] ?? '')).toEqual({
      line: 1_100,
      reason: 'sku: is missing; name: is missing; price: is missing',
    })
  })

  test('cannot move the terminal’s cursor', async () => {
    node.rules.refuses = () => ({ code: 'invalid_request', detail: '\u001b[2Jgone' })
    await run(await write([product(1)]))
    expect(alice.err()).not.toContain('\u001b')
  })
})

describe('a node in trouble', () => {
  test('that is busy for a while gets everything once', async () => {
    node.next.push({ status: 503 }, { status: 503 })
    const file = await write(catalog(1_200))
    expect(await run(file)).toBe(0)
    expect(node.products.size).toBe(1_200)
    expect(alice.out()).toContain('1,200 created')
    expect(alice.err()).toContain('the node answers 503; trying again')
  })

  test('that is not there ends the import with status 2', async () => {
    await node.close()
    expect(await run(await write(catalog(1)))).toBe(2)
    expect(alice.err()).toContain('nothing listens there (ECONNREFUSED)')
  })

  test('that refuses the password ends the import with status 2', async () => {
    expect(await run(await write(catalog(1)), '--password', 'wrong')).toBe(2)
    expect(alice.err()).toContain('401 invalid_credentials')
    expect(node.products.size).toBe(0)
  })

  test('whose token grows old in the middle is signed in to again', async () => {
    node.rules.onBatch = () => {
      if (node.seen.batches === 2) node.rules.token = 'token-2'
    }
    expect(await run(await write(catalog(3_000)))).toBe(0)
    expect(node.products.size).toBe(3_000)
    expect(node.seen.logins).toBe(2)
  })

  test.each([
    ['too few results', '{"line":1,"status":"created"}\n'],
    ['results out of order', '{"line":2,"status":"created"}\n{"line":1,"status":"created"}\n'],
    ['no results', '<html>'],
    ['a status of its own', '{"line":1,"status":"ok"}\n{"line":2,"status":"ok"}\n'],
  ])('that answers with %s is not believed', async (_, body) => {
    node.next.push({ status: 200, body: '{"accessToken":"token-1"}' }, { status: 200, body })
    expect(await run(await write(catalog(2)))).toBe(2)
    expect(alice.out()).toBe('')
  })

  test('that has no room left for a product stops the import, and the product is not lost', async () => {
    const file = await write(catalog(1_000))
    node.rules.refuses = ({ sku }) =>
      sku === 'P-700' ? { code: 'storage_full', detail: 'Disk full.' } : undefined
    expect(await run(file)).toBe(2)
    expect(alice.err()).toContain('Disk full.; up to line 500 all is in, run it again to go on')
    node.rules.refuses = () => undefined
    expect(await run(file)).toBe(0)
    expect(node.products.size).toBe(1_000)
  })
})

describe('an interrupted import', () => {
  const interruptAfter = (batches: number) => {
    node.rules.onBatch = () => {
      if (node.seen.batches === batches)
        node.next.push(...Array.from({ length: 40 }, () => 'break' as const))
    }
  }

  test('goes on after the last answered line, with the counts and rejects of before', async () => {
    const lines = catalog(2_000).map((line, index) => (index % 400 === 0 ? '{}' : line))
    const file = await write(lines)
    const rejects = join(alice.directory, 'rejects.ndjson')
    interruptAfter(2)
    expect(await run(file, '--rejects', rejects)).toBe(2)
    const kept = JSON.parse(await readFile(checkpoint(file), 'utf8'))
    expect(kept).toMatchObject({ line: 1_000, tally: { created: 997, rejected: 3 } })

    node.rules.onBatch = () => undefined
    node.next.length = 0
    const batchesBefore = node.seen.batches
    expect(await run(file, '--rejects', rejects)).toBe(1)
    expect(alice.err()).toContain('going on after line 1000')
    expect(node.seen.batches - batchesBefore).toBe(2)
    expect(node.products.size).toBe(1_995)
    expect(alice.out()).toContain('2,000 products in')
    expect(alice.out()).toContain('1,995 created, 0 updated, 0 unchanged, 5 rejected')
    const rejected = (await readFile(rejects, 'utf8')).trim().split('\n')
    expect(rejected.map((line) => JSON.parse(line).line)).toEqual([1, 401, 801, 1201, 1601])
    expect(existsSync(checkpoint(file))).toBe(false)
  })

  test('by Ctrl-C ends with status 130', async () => {
    node.rules.onBatch = () => {
      if (node.seen.batches === 3) alice.interrupt()
    }
    const file = await write(catalog(4_000))
    expect(await run(file)).toBe(130)
    expect(alice.err()).toMatch(/interrupted; up to line \d+ all is in, run it again to go on/)
    expect(node.products.size).toBeLessThan(4_000)
  })

  test('starts over when the file has changed since', async () => {
    const file = await write(catalog(1_500))
    interruptAfter(1)
    await run(file)
    expect(existsSync(checkpoint(file))).toBe(true)
    node.rules.onBatch = () => undefined
    node.next.length = 0
    await write(catalog(1_499))
    expect(await run(file)).toBe(0)
    expect(alice.err()).not.toContain('going on')
    expect(alice.out()).toContain('999 created, 0 updated, 500 unchanged, 0 rejected')
  })

  test('starts over for another node', async () => {
    const file = await write(catalog(1_500))
    interruptAfter(1)
    await run(file)
    const bob = await createPretendNode()
    try {
      expect(await importCommand(alice.deps, [file, '--to', bob.url.href])).toBe(0)
      expect(bob.products.size).toBe(1_500)
    } finally {
      await bob.close()
    }
  })

  test('starts over when its place is no longer readable', async () => {
    const file = await write(catalog(3))
    await writeFile(checkpoint(file), '{"version":1,"line":')
    expect(await run(file)).toBe(0)
    expect(node.products.size).toBe(3)
  })

  test('keeps its place where it is told to', async () => {
    const state = join(alice.directory, 'state')
    await mkdir(state)
    const file = await write(catalog(1_500))
    interruptAfter(1)
    await run(file, '--state', state)
    expect(existsSync(join(state, 'catalog.ndjson.atoll-import.json'))).toBe(true)
    expect(existsSync(checkpoint(file))).toBe(false)
  })
})

test('imports from where nothing can be written, and says what that costs', async () => {
  const file = await write(catalog(3))
  expect(await run(file, '--state', join(alice.directory, 'missing'))).toBe(0)
  expect(alice.err()).toContain('an interrupted run will start over')
  expect(node.products.size).toBe(3)
})

describe('wrong usage', () => {
  test.each([
    ['no file', ['--to', 'http://127.0.0.1:1'], 'one FILE is needed'],
    ['two files', ['a', 'b', '--to', 'http://127.0.0.1:1'], 'one FILE is needed'],
    ['no node', ['a'], '--to URL is needed'],
    ['no address', ['a', '--to', 'localhost'], 'localhost is no address of a node'],
    ['another scheme', ['a', '--to', 'ftp://a'], 'is no address of a node'],
    ['a password in the address', ['a', '--to', 'http://u:p@a'], 'must not hold a password'],
    ['an unknown flag', ['a', '--to', 'http://a', '--force'], "Unknown option '--force'"],
    [
      'no such currency',
      ['a', '--to', 'http://a', '--currency', 'USF'],
      'USF is no ISO 4217 currency',
    ],
  ])('%s is told with the usage and ends with status 2', async (_, args, reason) => {
    expect(await importCommand(alice.deps, args)).toBe(2)
    expect(alice.err()).toContain(reason)
    expect(alice.err()).toContain('atoll import FILE --to URL')
  })

  test('nobody to sign in as ends with status 2', async () => {
    const deps = { ...alice.deps, env: {} }
    expect(await importCommand(deps, ['a', '--to', 'http://a'])).toBe(2)
    expect(alice.err()).toContain('importing needs an admin')
  })

  test.each([
    ['missing.ndjson', undefined, 'ENOENT'],
    ['photo.jpg', '\u0001\u0002', 'neither NDJSON'],
    ['list.json', '[{}]', 'JSON array'],
  ])('%s ends with status 2', async (name, text, reason) => {
    const file = join(alice.directory, name)
    if (text !== undefined) await writeFile(file, text)
    expect(await run(file)).toBe(2)
    expect(alice.err()).toContain(reason)
    expect(node.seen.requests).toBe(0)
  })

  test('--help is no failure', async () => {
    expect(await importCommand(alice.deps, ['--help'])).toBe(0)
    expect(alice.out()).toContain('atoll import FILE --to URL')
  })
})

test('memory does not grow with the file', async () => {
  const description = 'A long description of a product that nobody will read. '.repeat(20)
  const lines = Array.from({ length: 30_000 }, (_, n) =>
    JSON.stringify({ sku: `M-${n % 100}`, name: `M ${n}`, description, price: 1 }),
  )
  const file = await write(lines)
  let most = 0
  const before = process.memoryUsage()
  node.rules.onBatch = () => {
    const now = process.memoryUsage()
    most = Math.max(most, now.external + now.arrayBuffers - before.external - before.arrayBuffers)
  }
  expect(await run(file)).toBe(0)
  expect(most).toBeLessThan(100 * 1024 * 1024)
})
