/** The operator's commands on a data directory, on one that a real node has written. */

import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CommandDeps } from '../../node/cli/command.ts'
import {
  backupCommand,
  rebuildCommand,
  restoreCommand,
  verifyCommand,
} from '../../node/cli/storage.ts'
import { createLog } from '../../node/log.ts'
import { createMetrics } from '../../node/metrics.ts'
import { createNode, type Node } from '../../node/node.ts'
import * as system from '../../node/system.ts'

let root: string
let output: string

const deps = (): CommandDeps => ({
  stdout: { write: (text) => (output += text) },
  stderr: { write: () => undefined },
  env: {},
  clock: system.systemClock,
  timers: system.systemTimers,
  random: system.systemRandom,
  fetch: globalThis.fetch,
})

const startNode = (dataDir: string): Promise<Node> =>
  createNode(
    {
      log: createLog({ name: 'alice', level: 'silent' }),
      metrics: createMetrics({ processMetrics: false }),
      clock: system.systemClock,
      timers: system.systemTimers,
      random: system.systemRandom,
      soon: system.soon,
      broken: () => {
        throw new Error('the disk failed')
      },
    },
    {
      name: 'alice',
      host: '127.0.0.1',
      port: 0,
      dataDir,
      peers: [],
      logLevel: 'silent',
      corsOrigins: [],
      workers: 0,
      retentionDays: 30,
      trustedProxies: 0,
      payments: { provider: 'sandbox' },
      orderDurability: 'prefer-replicated',
      webhookLoopback: false,
      notices: [],
    },
  )

const beginCarts = async (node: Node, count: number): Promise<void> => {
  for (let index = 0; index < count; index++) {
    const answer = await fetch(`${node.url}/api/v1/carts`, { method: 'POST' })
    expect(answer.status).toBe(201)
  }
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'atoll-storage-'))
  output = ''
})

afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

describe('a data directory', () => {
  test('is proven, rebuilt to the same documents, backed up while its node runs, and restored', async () => {
    const dir = join(root, 'alice')
    const copy = join(root, 'alice.backup')
    const node = await startNode(dir)
    await beginCarts(node, 20)
    expect(await backupCommand(deps(), [dir, copy])).toBe(0)
    expect(await verifyCommand(deps(), [dir])).toBe(1)
    expect(output).toContain('Stop the node')
    await node.close()

    expect(await verifyCommand(deps(), [dir])).toBe(0)
    const digest = /digest ([0-9a-f]{64})/.exec(output)?.[1]
    expect(await rebuildCommand(deps(), [dir])).toBe(0)
    expect(output).toContain('the documents are the same')

    const restored = join(root, 'restored')
    expect(await restoreCommand(deps(), [copy, restored])).toBe(0)
    output = ''
    expect(await verifyCommand(deps(), [restored])).toBe(0)
    expect(output).toContain(`digest ${digest}`)
  })

  test('with a byte flipped in a change is not proven', async () => {
    const dir = join(root, 'alice')
    const node = await startNode(dir)
    await beginCarts(node, 5)
    await node.close()
    const file = join(dir, 'atoll.db')
    const at = readFileSync(file).indexOf('cart.created')
    expect(at).toBeGreaterThan(0)
    const open = openSync(file, 'r+')
    writeSync(open, Buffer.from('C'), 0, 1, at)
    closeSync(open)
    expect(await verifyCommand(deps(), [dir])).toBe(1)
    expect(output).toContain('is not proven')
  })

  test('is opened by one node at a time', async () => {
    const dir = join(root, 'alice')
    const node = await startNode(dir)
    await expect(startNode(dir)).rejects.toMatchObject({ code: 'data_directory_in_use' })
    await node.close()
  })
})

describe('a command', () => {
  test('says how it is used when it is used wrongly', async () => {
    expect(await verifyCommand(deps(), [])).toBe(2)
    expect(await backupCommand(deps(), ['only-one'])).toBe(2)
    expect(await restoreCommand(deps(), ['--force', 'a', 'b'])).toBe(2)
  })

  test('says in one line that there is nothing to verify or copy', async () => {
    expect(await verifyCommand(deps(), [join(root, 'nowhere')])).toBe(1)
    expect(output).toContain('there is no database here')
    expect(await restoreCommand(deps(), [join(root, 'nowhere'), join(root, 'x')])).toBe(2)
  })
})
