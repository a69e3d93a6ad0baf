import { describe, expect, test } from 'vitest'
import { createAdmission } from '../../../../node/flash-sale/admission.ts'
import {
  answerWithinMs,
  inFlightMax,
  queueMax,
  ticketMs,
} from '../../../../node/flash-sale/limits.ts'
import { createVirtualTime } from '../../sync/virtual-time.ts'

const open = () => {
  const time = createVirtualTime()
  const admission = createAdmission<string>(time)
  const order: string[] = []
  const workOf = (name: string, ms: number) => () => {
    order.push(name)
    const { promise, resolve } = Promise.withResolvers<string>()
    time.timers.after(ms, () => resolve(name))
    return promise
  }
  return { time, admission, order, workOf }
}

describe('the queue', () => {
  test('serves in the order of coming, so many at once', async () => {
    const { time, admission, order, workOf } = open()
    const names = Array.from({ length: inFlightMax + 3 }, (_, at) => `a${at}`)
    const all = names.map((name) => admission.enter(name, workOf(name, 10)))
    expect(order).toEqual(names.slice(0, inFlightMax))
    expect(admission.waiting()).toBe(3)
    await time.advance(100)
    expect(order).toEqual(names)
    expect(await Promise.all(all)).toEqual(names.map((result) => ({ state: 'done', result })))
  })

  test('gives a place to who must wait longer than a moment, and remembers what became of it', async () => {
    const { time, admission, workOf } = open()
    for (let at = 0; at < inFlightMax; at++) void admission.enter(`b${at}`, workOf(`b${at}`, 5_000))
    const waiting = [
      admission.enter('first', workOf('first', 10)),
      admission.enter('second', workOf('second', 10)),
    ]
    await time.advance(answerWithinMs)
    expect(await Promise.all(waiting)).toMatchObject([
      { state: 'queued', position: 1 },
      { state: 'queued', position: 2 },
    ])
    await time.advance(5_000)
    expect(admission.look('second')).toEqual({ state: 'done', result: 'second' })
    expect(admission.look('stranger')).toBeUndefined()
    await time.advance(ticketMs + 1)
    await admission.enter('later', () => Promise.resolve('later'))
    expect(admission.look('second')).toBeUndefined()
  })

  test('does the work of one name once', async () => {
    const { time, admission, order, workOf } = open()
    const both = [admission.enter('x', workOf('x', 10)), admission.enter('x', workOf('x', 10))]
    await time.advance(20)
    expect(await Promise.all(both)).toEqual([
      { state: 'done', result: 'x' },
      { state: 'done', result: 'x' },
    ])
    expect(order).toEqual(['x'])
  })

  test('hands on what goes wrong, to that one alone', async () => {
    const { admission } = open()
    const error = new Error('The disk is full')
    expect(await admission.enter('x', () => Promise.reject(error))).toEqual({
      state: 'failed',
      error,
    })
    expect(await admission.enter('y', () => Promise.resolve('y'))).toMatchObject({ state: 'done' })
  })

  test('takes no more than it can remember', async () => {
    const { admission } = open()
    const never = () => new Promise<string>(() => undefined)
    for (let at = 0; at < inFlightMax + queueMax; at++) void admission.enter(`c${at}`, never)
    await expect(async () => admission.enter('one more', never)).rejects.toMatchObject({
      code: 'overloaded',
    })
  })
})
