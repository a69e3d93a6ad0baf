/** The way of events from the log to one place, on virtual time. */

import { mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openEventFile, type EventFile } from '../../../../node/events/event-file.ts'
import { createFeed } from '../../../../node/events/feed.ts'
import { createPump, type Parcel, type PumpOptions } from '../../../../node/events/pump.ts'
import { vectorOf } from '../../../../node/core/change-log.ts'
import { createTimeline } from '../../../simulation/world/timeline.ts'
import { createRegion, productInput, type Region } from '../catalog/region.ts'

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn++) await new Promise(setImmediate)
}

const open = (
  region: Region,
  deliver: PumpOptions['deliver'],
  {
    file = openEventFile(':memory:'),
    ...options
  }: Partial<PumpOptions> & { file?: EventFile } = {},
) => {
  const timeline = createTimeline()
  const pass = async (ms: number): Promise<void> => {
    const limit = timeline.nowMs() + ms
    await turns()
    while (timeline.runNext(limit)) await turns()
  }
  const pump = createPump(
    {
      feed: createFeed({ store: region.store, lookup: { accountOfSession: () => undefined } }),
      file,
      timers: { after: (ms, work) => timeline.at(timeline.nowMs() + ms, work) },
      random: () => new Uint8Array(4),
      soon: setImmediate,
    },
    { consumer: 'shelf', scope: 'all', begin: 'first', deliver, ...options },
  )
  return { pump, pass, file }
}

const createAll = (region: Region, ...skus: readonly string[]): void => {
  for (const sku of skus) region.create(productInput({ sku, name: sku }))
}

const skusOf = ({ events }: Parcel): readonly string[] =>
  events.map(({ data }) => ('sku' in data ? data.sku : ''))

describe('a pump', () => {
  it('delivers what the log has and what comes, from the offset on after a restart', async () => {
    const region = createRegion()
    createAll(region, 'A', 'B')
    const got: string[] = []
    const deliver = (parcel: Parcel) => {
      got.push(...skusOf(parcel))
      parcel.advance()
      return undefined
    }
    const first = open(region, deliver)
    await first.pass(0)
    createAll(region, 'C')
    first.pump.wake()
    await first.pass(0)
    await first.pump.close()
    createAll(region, 'D')
    const again = open(region, deliver, { file: first.file })
    await again.pass(0)
    expect(got).toEqual(['A', 'B', 'C', 'D'])
    expect(again.pump.state()).toMatchObject({ backlog: 0, missed: 0, failures: 0 })
  })

  it('tries again what failed, later each time, and loses nothing', async () => {
    const region = createRegion()
    createAll(region, 'A')
    let tries = 0
    const got: string[] = []
    const { pump, pass } = open(region, (parcel) => {
      if (++tries <= 5) throw new Error('It is away')
      got.push(...skusOf(parcel))
      parcel.advance()
      return undefined
    })
    await pass(0)
    createAll(region, 'B')
    for (let wakes = 0; wakes < 10; wakes++) pump.wake()
    await pass(0)
    expect(tries).toBe(1)
    expect(pump.state()).toMatchObject({ failures: 1, problem: 'It is away', backlog: 2 })
    await pass(60_000)
    expect(tries).toBe(6)
    expect(got).toEqual(['A', 'B'])
    expect(pump.state()).toMatchObject({ failures: 0, problem: undefined, backlog: 0 })
  })

  it('counts what was folded before it was read, once', async () => {
    const region = createRegion()
    createAll(region, 'A')
    const deliver = ({ advance }: Parcel) => {
      advance()
      return undefined
    }
    const first = open(region, deliver)
    await first.pass(0)
    await first.pump.close()
    createAll(region, 'B', 'C')
    region.core.fold({ upTo: vectorOf(region.core), changesMax: 100 })
    createAll(region, 'D')
    const again = open(region, deliver, { file: first.file })
    await again.pass(20_000)
    expect(again.pump.state()).toMatchObject({ missed: 2, backlog: 0 })
  })

  it('that begins with what comes next delivers nothing of before', async () => {
    const region = createRegion()
    createAll(region, 'A')
    const got: string[] = []
    const { pump, pass } = open(
      region,
      (parcel) => {
        got.push(...skusOf(parcel))
        parcel.advance()
        return undefined
      },
      { begin: 'end' },
    )
    createAll(region, 'B')
    pump.wake()
    await pass(0)
    expect(got).toEqual(['B'])
  })
})

describe('the event file', () => {
  it('that is damaged is put aside, and another begins', () => {
    const directory = mkdtempSync(join(tmpdir(), 'atoll-events-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    writeFileSync(
      join(directory, 'events.db'),
      'this is no database, and it is long enough'.repeat(50),
    )
    const seen: unknown[] = []
    const file = openEventFile(directory, (error) => seen.push(error))
    file.advance('shelf', 7, 0)
    file.close()
    expect(seen).toHaveLength(1)
    expect(existsSync(join(directory, 'events.db.damaged'))).toBe(true)
    const again = openEventFile(directory)
    expect(again.offsetOf('shelf')).toBe(7)
    again.close()
  })
})
