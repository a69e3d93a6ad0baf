/** A real node on a real disk that is full: it says so, goes on reading and sending, and heals. */

import { afterAll, describe, expect, test } from 'vitest'
import {
  cleanUpProcesses,
  freePort,
  newDataDir,
  pause,
  request,
  runCommand,
  signIn,
  startProcess,
  type NodeProcess,
} from './node-process.ts'
import { eventually, productBody, type Body } from './node-under-test.ts'
import { isMissing } from './services.ts'
import { openSmallDisk, whyNoSmallDisk } from './small-disk.ts'

const skip = isMissing('disk full', whyNoSmallDisk())
/** More than the health check wants to see free, so that it is a healthy node before. */
const diskMegabytes = 96

afterAll(cleanUpProcesses)

const healthOf = async ({ url }: NodeProcess): Promise<Health> =>
  (await request(url, 'GET', '/health')).body as unknown as Health

interface Health {
  readonly status: string
  readonly checks: Readonly<Record<string, { readonly status: string; readonly detail?: string }>>
}

describe.skipIf(skip)('a node whose disk is full', () => {
  test(
    'refuses writes, goes on reading and sending, loses nothing, and heals within 5 s',
    { timeout: 120_000 },
    async () => {
      const disk = await openSmallDisk(diskMegabytes)
      try {
        const [port, peerPort] = [await freePort(), await freePort()]
        const dataDir = `${disk.path}/data`
        const alice = await startProcess({ name: 'alice', port, dataDir, within: disk.within })
        const headers = await signIn(alice.url)
        const create = (fields = {}) =>
          request(alice.url, 'POST', '/api/v1/products', { headers, body: productBody(fields) })
        const made: Body[] = []
        for (let at = 0; at < 20; at++) made.push((await create()).body)
        expect((await healthOf(alice)).status).not.toBe('failed')

        disk.fill()
        const refused = await until(create, ({ status }) => status !== 201, made)
        expect(refused).toMatchObject({ status: 503, body: { code: 'storage_full' } })
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
        const health = await healthOf(alice)
        expect(health).toMatchObject({
          status: 'failed',
          checks: { storage: { status: 'failed' } },
        })
        expect((await request(alice.url, 'GET', '/ready')).status).toBe(503)
        expect((await request(alice.url, 'GET', '/live')).status).toBe(200)

        // Reading goes on, and so does sending: a peer that comes only now gets everything.
        for (const { id } of made) {
          expect((await request(alice.url, 'GET', `/api/v1/products/${id}`)).status).toBe(200)
        }
        const bob = await startProcess({
          name: 'bob',
          port: peerPort,
          dataDir: newDataDir(),
          peers: [port],
        })
        await eventually(async () => {
          for (const { id } of made) {
            expect((await request(bob.url, 'GET', `/api/v1/products/${id}`)).status).toBe(200)
          }
        })
        // What the peer has in return waits until there is room.
        const bobs = await request(bob.url, 'POST', '/api/v1/products', {
          headers,
          body: productBody(),
        })
        expect(bobs.status).toBe(201)
        expect(alice.output()).not.toContain('"level":"fatal"')

        const startMs = performance.now()
        disk.empty()
        const first = await until(create, ({ status }) => status === 201, [])
        const healedMs = performance.now() - startMs
        made.push(first.body, bobs.body)
        await until(
          () => request(alice.url, 'GET', `/api/v1/products/${bobs.body.id}`),
          ({ status }) => status === 200,
          [],
        )
        const caughtUpMs = performance.now() - startMs
        expect(caughtUpMs).toBeLessThan(5_000)
        expect((await healthOf(alice)).status).not.toBe('failed')
        expect(healedMs).toBeLessThan(5_000)

        await alice.kill()
        const { status, output } = await runCommand(['verify', dataDir], { within: disk.within })
        expect({ status, output }).toMatchObject({ status: 0 })
        const again = await startProcess({ name: 'alice', port, dataDir, within: disk.within })
        for (const { id } of made) {
          expect((await request(again.url, 'GET', `/api/v1/products/${id}`)).status).toBe(200)
        }
        process.stdout.write(
          `disk full: ${made.length} acknowledged products kept, healed after ${healedMs.toFixed(0)} ms, ` +
            `took its peer's changes after ${caughtUpMs.toFixed(0)} ms\n`,
        )
        expect(await again.stop()).toBe(0)
        await bob.stop()
      } finally {
        await cleanUpProcesses()
        disk.close()
      }
    },
  )
})

type Answer = Awaited<ReturnType<typeof request>>

/** Asks until an answer is `wanted`; what was acknowledged on the way is added to `made`. */
const until = async (
  ask: () => Promise<Answer>,
  wanted: (answer: Answer) => boolean,
  made: Body[],
): Promise<Answer> => {
  for (let tries = 0; tries < 2_000; tries++) {
    const answer = await ask()
    if (wanted(answer)) return answer
    if (answer.status === 201) made.push(answer.body)
    await pause(5)
  }
  throw new Error('The answer never came')
}
