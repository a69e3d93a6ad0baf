/** Data directories that are restarted, copied and put back, each with a whole core in it. */

import { cpSync, copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as escrowCounter from '../../../../crdt/escrow-counter.ts'
import type { Value } from '../../../../crdt/value.ts'
import { createProduct } from '../../../../node/catalog/product-rules.ts'
import { createCatalogQueries } from '../../../../node/catalog/queries.ts'
import { createSkuOwners } from '../../../../node/catalog/sku-owners.ts'
import { productIdOf, variantIdOf } from '../../../../node/catalog/ids.ts'
import type { Decide } from '../../../../node/core/capability.ts'
import { createChangeLog } from '../../../../node/core/change-log.ts'
import { createCore, type Command } from '../../../../node/core/core.ts'
import { databaseFileOf } from '../../../../node/core/data-directory.ts'
import { createSqliteStore } from '../../../../node/core/sqlite-store.ts'
import { createLineageFile } from '../../../../node/inventory/lineage-note.ts'
import { absenceMsMax } from '../../../../node/inventory/limits.ts'
import { mainLocation } from '../../../../node/inventory/location-id.ts'
import { stockAt } from '../../../../node/inventory/stock.ts'
import { createNodeLineage } from '../../../../node/inventory/succession.ts'
import { createNodeQueries } from '../../../../node/replication/queries.ts'
import { openReplica } from '../../../../node/replication/replica.ts'
import * as shop from '../../../../node/shop.ts'
import * as change from '../../../../sync/change.ts'
import { createVirtualTime, type VirtualTime } from '../../sync/virtual-time.ts'
import { temporaryDirectory } from '../core/test-core.ts'
import { productInput } from '../catalog/region.ts'
import { sellAtOnce } from './acts.ts'

const lamp = variantIdOf(productIdOf('LAMP'), 'LAMP')
const rmIfThere = (path: string) => rmSync(path, { force: true })

let minted = 0

const quiet = { info: () => undefined, warn: () => undefined }

/** A node as `node.ts` puts it together, without its network: tests carry its changes. */
const open = (
  directory: string,
  time: VirtualTime,
  options: { readonly name?: string; readonly others?: readonly string[] } = {},
) => {
  const { name = 'eu', others = ['us'] } = options
  let isOpen = true
  const store = createSqliteStore({
    file: databaseFileOf(directory),
    readModelSql: shop.readModelSql,
    readModelTables: shop.readModelTables,
  })
  const nodes = createNodeQueries(store.database)
  const lineage = createNodeLineage({
    file: createLineageFile(directory),
    heads: store.readState().heads,
    named: () => nodes.everyReplicaOf(name),
    quarantined: () => store.readQuarantine(),
    clock: time.clock,
    // A process that was killed does nothing any more.
    timers: { after: (ms, work) => time.timers.after(ms, () => isOpen && work()) },
    logger: quiet,
  })
  const core = createCore({
    store,
    kinds: shop.kinds,
    clock: time.clock,
    random: (bytes) => {
      const made = new Uint8Array(bytes)
      new DataView(made.buffer).setUint32(bytes - 4, ++minted)
      return made
    },
    lineage,
  })
  const heard = new Set<string>()
  const run = <Input, Answer extends Value>(
    decide: Decide<Input, Answer>,
    input: Input,
  ): boolean => {
    const command: Command<Input, Answer> = { decide, input, actor: 'account/tester' }
    const [result] = core.execute([command as Command])
    if (!result || 'thrown' in result) throw new Error('The rule threw', { cause: result?.thrown })
    return result.ok
  }
  run(openReplica, { node: name })
  lineage.watch({
    heads: () => core.state().heads,
    writtenMs: (replica, counter) => {
      const written = store.readChange({ replica, counter })
      return written && change.decode(written.bytes).time.wallMs
    },
    others: () => others,
    heard: () => [...heard],
    expectsOthers: true,
  })
  const node = {
    name,
    core,
    lineage,
    log: createChangeLog(core, store),
    run,
    hear: (other: string) => void heard.add(other),
    sell: (units: number) =>
      run(sellAtOnce, { checkout: `c${++minted}`, variant: lamp, units, untilMs: 0 }),
    offer: (units: number) =>
      run(
        createProduct(createSkuOwners(createCatalogQueries(store.database))),
        productInput({ initialQuantity: units }),
      ),
    rights: () =>
      escrowCounter.rights(
        { store: stockAt(core, lamp, mainLocation).store.units },
        core.lineage(),
      ),
    totals: () => {
      const counter = { store: stockAt(core, lamp, mainLocation).store.units }
      return { received: escrowCounter.received(counter), spent: escrowCounter.spent(counter) }
    },
    /** As when the process is killed: nothing is noted on the way out. */
    kill: () => {
      if (isOpen) store.close()
      isOpen = false
    },
  }
  onTestFinished(() => node.kill())
  return node
}

type TestNode = ReturnType<typeof open>

const send = (from: TestNode, to: TestNode) => {
  const { entries } = from.log.read(from.log.positionFor(to.log.vector()), Infinity)
  if (entries.length > 0) to.core.receive(entries.map(({ bytes }) => bytes))
}

const meet = (a: TestNode, b: TestNode) => {
  send(a, b)
  send(b, a)
  a.hear(b.name)
  b.hear(a.name)
}

describe('a node that is restarted', () => {
  test('sells what its former replicas had rights to, and no more', async () => {
    const time = createVirtualTime()
    const directory = temporaryDirectory()
    let eu = open(directory, time)
    eu.offer(10)
    for (let life = 0; life < 4; life++) {
      expect(eu.sell(2)).toBe(true)
      eu.kill()
      await time.advance(5_000)
      eu = open(directory, time)
      expect(eu.lineage.doubt()).toBeUndefined()
    }
    expect(eu.rights()).toBe(2)
    expect(eu.sell(3)).toBe(false)
    expect(eu.sell(2)).toBe(true)
    expect(eu.totals()).toEqual({ received: 10, spent: 10 })
  })

  test('after a long absence asks first whether it was given up', async () => {
    const time = createVirtualTime()
    const directory = temporaryDirectory()
    const before = open(directory, time)
    before.offer(10)
    before.kill()
    await time.advance(absenceMsMax + 1)
    const eu = open(directory, time)
    expect(eu.lineage.doubt()).toMatchObject({ reason: 'absent' })
    expect(eu.sell(1)).toBe(false)
    const us = open(temporaryDirectory(), time, { name: 'us', others: ['eu'] })
    meet(eu, us)
    await time.advance(2_000)
    expect(eu.lineage.doubt()).toBeUndefined()
    expect(eu.rights()).toBe(10)
  })

  test('that is alive for long is not absent: it notes so', async () => {
    const time = createVirtualTime()
    const directory = temporaryDirectory()
    const before = open(directory, time)
    before.offer(10)
    await time.advance(absenceMsMax * 3)
    before.kill()
    expect(open(directory, time).lineage.doubt()).toBeUndefined()
  })

  test('stays in doubt over restarts, until an admin vouches for it', async () => {
    const time = createVirtualTime()
    const directory = temporaryDirectory()
    const before = open(directory, time)
    before.offer(10)
    before.kill()
    await time.advance(absenceMsMax + 1)
    open(directory, time).kill()
    const eu = open(directory, time)
    expect(eu.sell(1)).toBe(false)
    eu.lineage.vouch()
    expect(eu.sell(10)).toBe(true)
  })
})

describe('a directory that was copied', () => {
  test('sells nothing of the original’s, and is told apart when both are used', async () => {
    const time = createVirtualTime()
    const [directory, copy] = [temporaryDirectory(), temporaryDirectory()]
    const us = open(temporaryDirectory(), time, { name: 'us', others: ['eu'] })
    let original = open(directory, time)
    original.offer(10)
    meet(original, us)
    original.kill()
    cpSync(directory, copy, { recursive: true })
    original = open(directory, time)
    const twin = open(copy, time)
    expect(twin.lineage.doubt()).toMatchObject({ reason: 'copied' })
    expect(twin.sell(1)).toBe(false)
    expect(original.sell(4)).toBe(true)
    await time.advance(120_000)
    expect(original.sell(1)).toBe(true)
    meet(original, us)
    meet(twin, us)
    await time.advance(2_000)
    // The original wrote after the copy began: somebody else is this node.
    expect(twin.lineage.doubt()).toMatchObject({ reason: 'shared' })
    expect(twin.sell(1)).toBe(false)
    expect(us.totals().spent).toBeLessThanOrEqual(us.totals().received)
  })

  test('is its original’s heir when that has ended and everybody else was heard', async () => {
    const time = createVirtualTime()
    const [directory, copy] = [temporaryDirectory(), temporaryDirectory()]
    const us = open(temporaryDirectory(), time, { name: 'us', others: ['eu'] })
    const original = open(directory, time)
    original.offer(10)
    original.kill()
    cpSync(directory, copy, { recursive: true })
    const moved = open(copy, time)
    expect(moved.sell(1)).toBe(false)
    meet(moved, us)
    await time.advance(2_000)
    expect(moved.sell(10)).toBe(true)
  })
})

describe('a database that was put back', () => {
  test('inherits nothing until the others have told what it sold since, and is charged for it', async () => {
    const time = createVirtualTime()
    const directory = temporaryDirectory()
    const us = open(temporaryDirectory(), time, { name: 'us', others: ['eu'] })
    let eu = open(directory, time)
    eu.offer(10)
    eu.kill()
    const backup = join(temporaryDirectory(), 'backup.db')
    copyFileSync(databaseFileOf(directory), backup)
    eu = open(directory, time)
    expect(eu.sell(7)).toBe(true)
    meet(eu, us)
    eu.kill()
    await time.advance(5 * 60_000)
    copyFileSync(backup, databaseFileOf(directory))
    for (const part of ['-wal', '-shm']) rmIfThere(`${databaseFileOf(directory)}${part}`)
    eu = open(directory, time)
    expect(eu.lineage.doubt()).toMatchObject({ reason: 'put_back' })
    expect(eu.sell(1)).toBe(false)
    meet(eu, us)
    await time.advance(2_000)
    expect(eu.lineage.doubt()).toBeUndefined()
    expect(eu.rights()).toBe(3)
    expect(eu.sell(4)).toBe(false)
    expect(eu.sell(3)).toBe(true)
  })

  test('that an admin vouched for too soon has sold too much: its rights are below none', async () => {
    const time = createVirtualTime()
    const directory = temporaryDirectory()
    const us = open(temporaryDirectory(), time, { name: 'us', others: ['eu'] })
    let eu = open(directory, time)
    eu.offer(10)
    eu.kill()
    const backup = join(temporaryDirectory(), 'backup.db')
    copyFileSync(databaseFileOf(directory), backup)
    eu = open(directory, time)
    eu.sell(7)
    meet(eu, us)
    eu.kill()
    copyFileSync(backup, databaseFileOf(directory))
    for (const part of ['-wal', '-shm']) rmIfThere(`${databaseFileOf(directory)}${part}`)
    eu = open(directory, time)
    eu.lineage.vouch()
    expect(eu.sell(5)).toBe(true)
    meet(eu, us)
    expect(eu.rights()).toBe(-2)
    expect(eu.totals()).toEqual({ received: 10, spent: 12 })
    expect(eu.sell(1)).toBe(false)
  })
})
