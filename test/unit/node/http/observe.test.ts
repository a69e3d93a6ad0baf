import { describe, expect, test } from 'vitest'
import { createMetricsRoutes } from '../../../../node/http/metrics-routes.ts'
import { createProductRoutes, createTestShell, post, product } from './test-shell.ts'

const createApp = (level: 'silent' | 'debug' | 'info' = 'silent') => {
  const shell = createTestShell({ level })
  shell.app.route('/', createProductRoutes())
  shell.app.route('/', createMetricsRoutes(shell.metrics))
  shell.app.get('/logs', (c) => {
    c.get('log').info({ password: 'canary', body: { token: 'canary' } }, 'seen')
    return c.text(c.get('requestId'))
  })
  shell.app.get('/slow', (c) => {
    shell.clock.ms += 1500
    return c.text('at last')
  })
  return shell
}

describe('a request id', () => {
  test('is taken from the client if it is a plain one', async () => {
    const response = await createApp().app.request('/logs', {
      headers: { 'x-request-id': 'Az09._-' },
    })
    expect(response.headers.get('x-request-id')).toBe('Az09._-')
    expect(await response.text()).toBe('Az09._-')
  })

  test.each(['a b', 'x'.repeat(65), '"}', 'é', ''])(
    'is made anew instead of "%s"',
    async (given) => {
      const response = await createApp().app.request('/logs', {
        headers: { 'x-request-id': given },
      })
      expect(response.headers.get('x-request-id')).toBe('070707070707-1')
    },
  )

  test('differs from request to request', async () => {
    const { app } = createApp()
    const ids = [await app.request('/logs'), await app.request('/nowhere')]
    expect(new Set(ids.map((response) => response.headers.get('x-request-id'))).size).toBe(2)
  })
})

describe('the log', () => {
  test('has a line for each request where it is wanted', async () => {
    const { app, lines } = createApp('debug')
    await app.request('/products/lamp?secret=1')
    expect(lines).toMatchObject([
      {
        level: 'debug',
        message: 'request',
        method: 'GET',
        path: '/products/lamp',
        route: '/products/:id',
        status: 200,
        requestId: '070707070707-1',
      },
    ])
    expect(JSON.stringify(lines)).not.toContain('secret')
  })

  test('has no line for an ordinary request at the usual level, but one for a slow one', async () => {
    const { app, lines } = createApp('info')
    await app.request('/products/lamp')
    expect(lines).toEqual([])
    await app.request('/slow')
    expect(lines).toMatchObject([{ level: 'info', message: 'slow request', ms: 1500 }])
  })

  test('carries the request id and blots secrets out', async () => {
    const { app, lines } = createApp('info')
    await app.request('/logs')
    expect(lines).toMatchObject([{ message: 'seen', requestId: '070707070707-1' }])
    expect(JSON.stringify(lines)).not.toContain('canary')
  })
})

describe('the metrics', () => {
  test('count by method, route pattern and status', async () => {
    const { app } = createApp()
    await app.request('/products/a')
    await app.request('/products/b')
    await app.request('/products', post(JSON.stringify(product)))
    await app.request('/products', post('{'))
    await app.request('/nowhere/1')
    await app.request('/nowhere/2')
    const response = await app.request('/metrics')
    const text = await response.text()
    expect(response.headers.get('content-type')).toContain('text/plain')
    expect(text).toContain('{method="GET",route="/products/:id",status="200"} 2')
    expect(text).toContain('{method="POST",route="/products",status="201"} 1')
    expect(text).toContain('{method="POST",route="/products",status="400"} 1')
    expect(text).toContain('{method="GET",route="unmatched",status="404"} 2')
    expect(text).not.toContain('nowhere')
    expect(text).toContain('atoll_http_requests_in_flight 1')
  })

  test('time requests by the clock they are given', async () => {
    const { app, metrics } = createApp()
    await app.request('/slow')
    const { text } = await metrics.scrape()
    expect(text).toContain('atoll_http_request_seconds_sum{method="GET",route="/slow"} 1.5')
  })

  test('are not grown by methods that a client makes up', async () => {
    const { app, metrics } = createApp()
    await app.request('/products', { method: 'BREW' })
    expect((await metrics.scrape()).text).toContain(
      '{method="other",route="unmatched",status="405"} 1',
    )
  })

  test('read the lag of peers when they are scraped, and forget who has left', async () => {
    const { metrics } = createApp()
    let peers = [{ name: 'us', connected: true, lagChanges: 3, lagMs: 250 }]
    metrics.watchPeers(() => peers)
    expect((await metrics.scrape()).text).toContain('atoll_peer_lag_seconds{peer="us"} 0.25')
    peers = []
    expect((await metrics.scrape()).text).not.toContain('peer="us"')
  })

  test('measure commits and count events', async () => {
    const { metrics } = createApp()
    metrics.committed({ changes: 7, syncMs: 2 })
    metrics.event('fork')
    const { text } = await metrics.scrape()
    expect(text).toContain('atoll_commit_changes_sum 7')
    expect(text).toContain('atoll_commit_sync_seconds_sum 0.002')
    expect(text).toContain('atoll_events_total{event="fork"} 1')
  })
})
