import { describe, expect, test } from 'vitest'
import { errorCodes } from '../../../../node/errors.ts'
import { createProblemRoutes, problem } from '../../../../node/http/problem.ts'
import { createTestShell } from './test-shell.ts'

const createApp = () => {
  const { app } = createTestShell()
  app.route('/', createProblemRoutes())
  app.get('/carts/:id', (c) =>
    problem(c, { code: 'sku_taken', detail: 'It is taken', productId: 'p2', status: 200 }),
  )
  app.get('/busy', (c) =>
    problem(c, { code: 'too_many_requests', detail: 'Wait', retryAfterSeconds: 0.2 }),
  )
  app.get('/full', (c) => problem(c, { code: 'storage_full', detail: 'No room' }))
  return app
}

describe('a problem', () => {
  test('is a problem document with its code, its path and its request', async () => {
    const response = await createApp().request('/carts/c1', { headers: { 'x-request-id': 'r-1' } })
    expect(response.status).toBe(409)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toEqual({
      type: '/problems/sku_taken',
      title: 'Another product has this SKU',
      status: 409,
      detail: 'It is taken',
      code: 'sku_taken',
      instance: '/carts/c1',
      requestId: 'r-1',
      productId: 'p2',
    })
  })

  test('that asks to wait says how long', async () => {
    const app = createApp()
    expect((await app.request('/busy')).headers.get('retry-after')).toBe('1')
    expect((await app.request('/full')).headers.get('retry-after')).toBe('1')
    expect((await app.request('/carts/c1')).headers.get('retry-after')).toBe(null)
  })

  test('has a type that explains it, for every code', async () => {
    const app = createApp()
    for (const [code, row] of Object.entries(errorCodes)) {
      const response = await app.request(`/problems/${code}`)
      expect(await response.json()).toEqual({ type: `/problems/${code}`, code, ...row })
    }
  })
})

describe('the table of codes', () => {
  test('is a page for a browser', async () => {
    const response = await createApp().request('/problems', { headers: { accept: 'text/html' } })
    const page = await response.text()
    expect(response.headers.get('content-type')).toContain('text/html')
    for (const code of Object.keys(errorCodes)) expect(page).toContain(`id="${code}"`)
  })

  test('is a list for a program', async () => {
    const list = await (await createApp().request('/problems')).json()
    expect(list).toHaveProperty('items.length', Object.keys(errorCodes).length)
  })

  test('has no row for what is no code', async () => {
    for (const code of ['nonsense', '__proto__', 'toString', '<script>'])
      expect((await createApp().request(`/problems/${encodeURIComponent(code)}`)).status).toBe(404)
  })

  test('speaks in whole sentences', () => {
    for (const { title, normal, next } of Object.values(errorCodes)) {
      expect(title).toMatch(/^[A-Z].*[^.]$/)
      expect(normal).toMatch(/^[A-Z].*\.$/)
      expect(next).toMatch(/^[A-Z].*\.$/)
    }
  })
})
