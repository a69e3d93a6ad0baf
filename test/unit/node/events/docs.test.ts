import { expect, it } from 'vitest'
import { describeEvents } from '../../../../node/events/asyncapi.ts'
import { eventTypes, documentOf, streams } from '../../../../node/events/catalogue.ts'
import { createEventDocs } from '../../../../node/events/docs-page.ts'

const text = JSON.stringify(describeEvents())

it('the document is AsyncAPI 3, and all that it refers to is there', () => {
  const document = JSON.parse(text)
  expect(document.asyncapi).toBe('3.0.0')
  const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path)
  expect(references.length).toBeGreaterThan(100)
  for (const path of references) {
    const [at, place, name = ''] = /^(components\/messages|channels)\/(.+)$/.exec(path) ?? []
    const there =
      place === 'channels' ? document.channels[name] : document.components.messages[name]
    expect([at, there !== undefined]).toEqual([path, true])
  }
})

it('the document names every stream, exchange and queue of the requirements', () => {
  const { channels } = JSON.parse(text)
  expect(Object.keys(channels)).toEqual(
    expect.arrayContaining([
      ...streams,
      'user.events',
      'order.events',
      'payment.events',
      'auth.user.created',
      'notifications.order.created',
      'analytics.all.events',
    ]),
  )
})

it('a type that nothing publishes yet says so', async () => {
  const { components } = JSON.parse(text)
  const page = await (await createEventDocs().request('/docs/events')).text()
  for (const type of eventTypes) {
    const isLater = documentOf(type).release === 'later'
    expect([type, components.messages[type]['x-release'] === 'later']).toEqual([type, isLater])
    const section = page.split(`id="${type}"`)[1]?.split('<h3')[0] ?? ''
    expect([type, section.includes('later release')]).toEqual([type, isLater])
  }
})

it('the page runs no script and loads nothing', async () => {
  const response = await createEventDocs().request('/docs/events')
  expect(response.headers.get('content-security-policy')).not.toContain('script-src')
  expect(await response.text()).not.toMatch(/<script|src=|onload=|https?:\/\//)
})
