import { describe, expect, test } from 'vitest'
import { secureHeaders } from '../../../../node/http/security.ts'
import { createTestShell } from './test-shell.ts'

const createApp = (corsOrigins: readonly string[] = []) => {
  const { app } = createTestShell({ corsOrigins })
  app.get('/data', (c) => c.json({}))
  app.get('/raw', () => new Response('raw'))
  app.get('/kept', (c) => c.text('kept', 200, { 'cache-control': 'public, max-age=60' }))
  return app
}

describe('an answer', () => {
  test('carries the headers of all answers, problems included', async () => {
    for (const path of ['/data', '/raw', '/nowhere']) {
      const { headers } = await createApp().request(path)
      for (const [name, value] of Object.entries(secureHeaders))
        expect([path, name, headers.get(name)]).toEqual([path, name, value])
    }
  })

  test('may be kept only if its route says so', async () => {
    const { headers } = await createApp().request('/kept')
    expect(headers.get('cache-control')).toBe('public, max-age=60')
  })
})

describe('a page of another origin', () => {
  const shop = 'https://shop.example'
  const ask = (
    app: ReturnType<typeof createApp>,
    origin: string,
    init: { method?: string; headers?: Record<string, string> } = {},
  ) => app.request('/data', { ...init, headers: { origin, ...init.headers } })

  test('may read answers if it is on the list', async () => {
    const { headers } = await ask(createApp([shop]), shop)
    expect(headers.get('access-control-allow-origin')).toBe(shop)
    expect(headers.get('vary')).toBe('Origin')
    expect(headers.get('access-control-allow-credentials')).toBe(null)
  })

  test('may send what the API takes if it is on the list', async () => {
    const response = await ask(createApp([shop]), shop, {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': 'PATCH' },
    })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-methods')).toContain('PATCH')
    expect(response.headers.get('access-control-allow-headers')).toContain('Idempotency-Key')
  })

  test.each([
    'https://shop.example.evil.test',
    'http://shop.example',
    'https://SHOP.example',
    'https://shop.example:8443',
    'null',
    '*',
  ])('may not if it is %s', async (origin) => {
    const app = createApp([shop])
    const plain = await ask(app, origin)
    expect(plain.headers.get('access-control-allow-origin')).toBe(null)
    expect(plain.headers.get('vary')).toBe('Origin')
    const preflight = await ask(app, origin, {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': 'PATCH' },
    })
    expect(preflight.headers.get('access-control-allow-origin')).toBe(null)
  })

  test('may not if there is no list', async () => {
    const { headers } = await ask(createApp(), shop)
    expect(headers.get('access-control-allow-origin')).toBe(null)
  })
})
