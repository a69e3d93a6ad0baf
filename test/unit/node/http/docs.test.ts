import { expect, test } from 'vitest'
import { createDocsRoutes } from '../../../../node/http/docs.ts'
import { createProductRoutes, createTestShell } from './test-shell.ts'

const createApp = () => {
  const { app } = createTestShell()
  app.route('/', createProductRoutes())
  const info = { title: 'Atoll', version: '1' }
  app.route(
    '/',
    createDocsRoutes({ describe: () => app.getOpenAPI31Document({ openapi: '3.1.0', info }) }),
  )
  return app
}

test('the document is OpenAPI 3.1 and has the routes', async () => {
  const document = await (await createApp().request('/docs/json')).json()
  expect(document).toMatchObject({
    openapi: '3.1.0',
    paths: { '/products': { post: {} }, '/products/{id}': { get: {} } },
  })
})

test('the page loads nothing that the node does not serve', async () => {
  const app = createApp()
  const response = await app.request('/docs')
  const page = await response.text()
  expect(page).not.toMatch(/https?:|<script>|onload=/)
  const loaded = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '')
  expect(loaded).toHaveLength(5)
  for (const path of loaded) expect([path, (await app.request(path)).status]).toEqual([path, 200])
})

test('the page may run its own scripts only', async () => {
  const policy = (await createApp().request('/docs')).headers.get('content-security-policy')
  expect(policy).toContain("script-src 'self';")
  expect(policy).toContain("default-src 'none'")
})

test('no other file can be had', async () => {
  for (const asset of [
    'package.json',
    'index.html',
    '..%2fpackage.json',
    '%2e%2e%2fhono',
    '__proto__',
  ])
    expect((await createApp().request(`/docs/assets/${asset}`)).status).toBe(404)
})
