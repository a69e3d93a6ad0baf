import { Hono } from 'hono'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import type { Decide } from '../../../../node/core/capability.ts'
import type { Pipeline } from '../../../../node/core/pipeline.ts'
import { Fault } from '../../../../node/fault.ts'
import type { NodeEnv } from '../../../../node/http/router.ts'
import { refused } from '../../../../node/result.ts'
import { createDesk } from '../../../../node/workers/desk.ts'
import { inFlightMax } from '../../../../node/workers/limits.ts'
import { createRemoteCore } from '../../../../node/workers/remote-core.ts'

const rule: Decide<{ readonly name: string }, null> = () =>
  refused({ code: 'not_found', detail: '' })
const command = { decide: rule, input: { name: 'Jørgen' }, actor: 'account/7' }

const app = new Hono<NodeEnv>()
  .post('/echo', async (c) => c.text(`${c.env.remoteAddress} ${await c.req.text()}`, 201))
  .get('/bytes', (c) => c.body(new Uint8Array([0, 255, 7]), 200, { 'x-one': 'a' }))

/** A worker's end and the core's, with nothing but their bytes in between. */
const connect = (submitNamed: Pipeline['submitNamed']) => {
  const desk = createDesk({
    app,
    pipeline: { submitNamed },
    log: pino({ level: 'silent' }),
    send: (_worker, bytes) => remote.answered(bytes),
  })
  const remote = createRemoteCore({
    worker: 3,
    send: (bytes) => {
      desk(bytes)
      return true
    },
  })
  return remote
}

describe('a command from a worker', () => {
  test('reaches the rule of its name with all that it says, and is told what came of it', async () => {
    const seen: unknown[] = []
    const receipt = { change: '1:1', hlc: 'then', durability: 'local' } as const
    const remote = connect((name, given) => {
      seen.push({ name, ...given })
      return Promise.resolve({ ok: true, value: { answer: null, receipt, isRepeat: false } })
    })
    remote.pipeline.named('thing.do', rule)
    const request = { id: 'key/1', fingerprint: 'f' }
    const done = await remote.pipeline.submit({ ...command, request })
    expect(done).toEqual({ ok: true, value: { answer: null, receipt, isRepeat: false } })
    const { input, actor } = command
    expect(seen).toEqual([{ name: 'thing.do', input, actor, request }])
    expect(remote.waiting()).toBe(0)
  })

  test('that is refused is refused with every word', async () => {
    const refusal = { code: 'sku_taken', detail: 'It is', productId: '7' } as const
    const remote = connect(() => Promise.resolve({ ok: false, refusal }))
    remote.pipeline.named('thing.do', rule)
    expect(await remote.pipeline.submit(command)).toEqual({ ok: false, refusal })
  })

  test('that the node cannot do fails with the same fault, and with no words of an error', async () => {
    const remote = connect(() => Promise.reject(new Fault('storage_full', 'The disk is full')))
    remote.pipeline.named('thing.do', rule)
    await expect(remote.pipeline.submit(command)).rejects.toMatchObject({ code: 'storage_full' })
    const broken = connect(() => Promise.reject(new Error('a secret')))
    broken.pipeline.named('thing.do', rule)
    await expect(broken.pipeline.submit(command)).rejects.toMatchObject({
      code: 'internal_error',
      message: expect.not.stringContaining('secret'),
    })
  })

  test('whose rule has no name is a mistake of ours', async () => {
    const remote = connect(() => Promise.reject(new Error('not reached')))
    await expect(remote.pipeline.submit(command)).rejects.toThrow(
      'a worker submits what has a name',
    )
  })
})

describe('a request from a worker', () => {
  const head = { method: 'POST', url: 'http://shop.example/echo', remoteAddress: '192.0.2.7' }

  test('is answered by the same routes, and comes from where it came from', async () => {
    const remote = connect(() => Promise.reject(new Error('not reached')))
    const answer = await remote.request({ ...head, headers: ['X-A', 'b'] }, Buffer.from('grüße'))
    expect(answer.status).toBe(201)
    expect(answer.body.toString()).toBe('192.0.2.7 grüße')
  })

  test('may be answered with any bytes, and headers', async () => {
    const remote = connect(() => Promise.reject(new Error('not reached')))
    const url = 'http://shop.example/bytes'
    const answer = await remote.request({ ...head, method: 'GET', url, headers: [] }, Buffer.of())
    expect([...answer.body]).toEqual([0, 255, 7])
    expect(answer.headers).toContainEqual(['x-one', 'a'])
  })

  test('that cannot become one is a bad request', async () => {
    const remote = connect(() => Promise.reject(new Error('not reached')))
    const answer = await remote.request({ ...head, url: 'http://', headers: [] }, Buffer.of())
    expect(answer.status).toBeGreaterThanOrEqual(400)
  })
})

describe('a core that has too much to do', () => {
  test('takes nothing when its queue is full', async () => {
    const remote = createRemoteCore({ worker: 1, send: () => false })
    remote.pipeline.named('thing.do', rule)
    await expect(remote.pipeline.submit(command)).rejects.toMatchObject({ code: 'overloaded' })
    expect(remote.waiting()).toBe(0)
  })

  test('is not asked more than whose answers its queue can hold', async () => {
    const remote = createRemoteCore({ worker: 1, send: () => true })
    remote.pipeline.named('thing.do', rule)
    const asked = Array.from({ length: inFlightMax }, () => remote.pipeline.submit(command))
    expect(asked).toHaveLength(remote.waiting())
    await expect(remote.pipeline.submit(command)).rejects.toMatchObject({ code: 'overloaded' })
  })
})
