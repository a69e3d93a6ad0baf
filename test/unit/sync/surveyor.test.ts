/** One survey serves all who ask at about the same time, and one session pulls at a time. */

import { describe, expect, test } from 'vitest'
import * as limits from '../../../sync/limits.ts'
import { createSurveyor } from '../../../sync/surveyor.ts'
import { createTurns } from '../../../sync/turns.ts'
import { createMemoryLog } from './memory-log.ts'
import { createVirtualTime } from './virtual-time.ts'

describe('a survey', () => {
  const begin = () => {
    const time = createVirtualTime()
    const { exchange } = createMemoryLog(time)
    let count = 0
    const survey = () => {
      count++
      return exchange.survey()
    }
    return { time, surveyor: createSurveyor({ ...time, exchange: { survey } }), count: () => count }
  }

  test('is shared by peers that come together, and made anew for those that come late', async () => {
    const { time, surveyor, count } = begin()
    const both = Promise.all([surveyor.recent(), surveyor.recent()])
    await time.advance(100)
    const [one, other] = await both
    expect(one).toBe(other)
    await time.advance(limits.surveySharedMsMax - 200)
    expect(await surveyor.recent()).toBe(one)
    expect(count()).toBe(1)
    await time.advance(200)
    const late = surveyor.recent()
    await time.advance(100)
    expect(await late).not.toBe(one)
    expect(count()).toBe(2)
  })

  test('of ourselves is never an old one', async () => {
    const { time, surveyor, count } = begin()
    const first = surveyor.fresh()
    await time.advance(100)
    const made = await first
    const second = surveyor.fresh()
    await time.advance(100)
    expect(await second).not.toBe(made)
    expect(count()).toBe(2)
  })

  test('that failed is not what others get', async () => {
    const time = createVirtualTime()
    const { exchange } = createMemoryLog(time)
    let isBroken = true
    const survey = () =>
      isBroken ? Promise.reject(new Error('The disk is gone')) : exchange.survey()
    const surveyor = createSurveyor({ ...time, exchange: { survey } })
    await expect(surveyor.recent()).rejects.toThrow('gone')
    isBroken = false
    const second = surveyor.recent()
    await time.advance(100)
    expect((await second).index.count).toBe(0)
  })
})

describe('turns', () => {
  test('come one at a time, in the order of asking', () => {
    const turns = createTurns<string>()
    const granted: string[] = []
    for (const name of ['alice', 'bob', 'carol']) turns.ask(name, () => granted.push(name))
    expect(granted).toEqual(['alice'])
    // Bob gives up waiting, and dave never asked.
    turns.end('bob')
    turns.end('dave')
    expect(granted).toEqual(['alice'])
    turns.end('alice')
    expect(granted).toEqual(['alice', 'carol'])
    turns.ask('alice', () => granted.push('alice again'))
    turns.end('carol')
    expect(granted).toEqual(['alice', 'carol', 'alice again'])
  })

  test('pass on from one who ends his at once', () => {
    const turns = createTurns<string>()
    const granted: string[] = []
    turns.ask('alice', () => granted.push('alice'))
    turns.ask('bob', () => {
      granted.push('bob')
      turns.end('bob')
    })
    turns.ask('carol', () => granted.push('carol'))
    turns.end('alice')
    expect(granted).toEqual(['alice', 'bob', 'carol'])
  })
})
