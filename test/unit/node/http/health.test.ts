import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import {
  createEventLoopCheck,
  createHealthRoutes,
  diskSpaceCheck,
  memoryCheck,
  type HealthCheck,
} from '../../../../node/http/health.ts'
import { createTestShell } from './test-shell.ts'

const createApp = (checks: Record<string, () => HealthCheck>) => {
  const { app } = createTestShell()
  app.route('/', createHealthRoutes({ checks }))
  return app
}

const paths = ['/health', '/ready', '/api/health', '/api/health/ready']

describe('a node', () => {
  test('is ready when all is well', async () => {
    const app = createApp({ storage: () => ({ status: 'ok', figures: { synchronous: 'FULL' } }) })
    for (const path of [...paths, '/live', '/api/health/live'])
      expect((await app.request(path)).status).toBe(200)
    expect(await (await app.request('/health')).json()).toEqual({
      status: 'ok',
      checks: { storage: { status: 'ok', figures: { synchronous: 'FULL' } } },
    })
  })

  test('is ready when its peers are out of reach', async () => {
    const app = createApp({
      storage: () => ({ status: 'ok' }),
      peers: () => ({ status: 'degraded', detail: 'None of 2 is reachable' }),
    })
    expect((await app.request('/ready')).status).toBe(200)
    expect(await (await app.request('/health')).json()).toMatchObject({ status: 'degraded' })
  })

  test('lives but is not ready when a check fails', async () => {
    const app = createApp({
      peers: () => ({ status: 'degraded' }),
      storage: () => ({ status: 'failed', detail: 'The disk is full' }),
    })
    for (const path of paths) expect((await app.request(path)).status).toBe(503)
    expect((await app.request('/live')).status).toBe(200)
    expect(await (await app.request('/ready')).json()).toEqual({ status: 'failed' })
  })

  test('is not ready when a check throws, and keeps the reason to itself', async () => {
    const app = createApp({
      storage: () => {
        throw new Error('/srv/canary')
      },
    })
    const response = await app.request('/health')
    expect(response.status).toBe(503)
    expect(await response.text()).not.toContain('canary')
  })

  test('is looked at anew each time', async () => {
    let status: HealthCheck['status'] = 'ok'
    const app = createApp({ storage: () => ({ status }) })
    expect((await app.request('/ready')).status).toBe(200)
    status = 'failed'
    expect((await app.request('/ready')).status).toBe(503)
  })
})

describe('a check', () => {
  test('of memory compares what is in use with what was planned', () => {
    expect(memoryCheck({ rssBytesMax: Number.MAX_SAFE_INTEGER })().status).toBe('ok')
    expect(memoryCheck({ rssBytesMax: 1 })().status).toBe('degraded')
  })

  test('of the disk tells filling up from full', () => {
    const check = (degradedBytes: number, failedBytes: number) =>
      diskSpaceCheck({ directory: tmpdir(), degradedBytes, failedBytes })().status
    expect(check(0, 0)).toBe('ok')
    expect(check(Infinity, 0)).toBe('degraded')
    expect(check(Infinity, Infinity)).toBe('failed')
  })

  test('of the event loop measures until it is closed', () => {
    const patient = createEventLoopCheck({ degradedMs: Infinity, failedMs: Infinity })
    const strict = createEventLoopCheck({ degradedMs: 0, failedMs: 0 })
    expect(patient.check()).toMatchObject({ status: 'ok', figures: { p99Ms: expect.any(Number) } })
    expect(strict.check().status).toBe('failed')
    patient.close()
    strict.close()
  })
})
