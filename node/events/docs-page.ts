/** The events' documentation as a page for people: no script, so that it needs nothing but a browser. */

import { Hono } from 'hono'
import { html } from 'hono/html'
import type { NodeEnv } from '../http/router.ts'
import { describeEvents, schemaOf } from './asyncapi.ts'
import { consumerGroups, documentOf, eventTypes, streams, streamsOf } from './catalogue.ts'
import type { EventType, Stream } from './catalogue.ts'
import { exchangeOf, queues } from './exchanges.ts'

const headers = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
}

export const createEventDocs = (): Hono<NodeEnv> => {
  let document: string | undefined
  return new Hono<NodeEnv>()
    .get('/docs/events', (c) => c.html(page(), 200, headers))
    .get('/docs/events/json', (c) => {
      document ??= JSON.stringify(describeEvents())
      return c.body(document, 200, { 'content-type': 'application/json' })
    })
}

const page = () =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Atoll events</title>
        <style>
          body {
            font:
              16px/1.5 system-ui,
              sans-serif;
            max-width: 60rem;
            margin: 2rem auto;
            padding: 0 1rem;
          }
          code,
          pre {
            font-size: 0.9em;
          }
          pre {
            overflow: auto;
            background: #f4f4f4;
            padding: 0.75rem;
          }
          .later {
            color: #8a4b00;
          }
        </style>
      </head>
      <body>
        <h1>Atoll events</h1>
        <p>
          Every event is a CloudEvent 1.0, derived from a durable change, and published at least
          once. Its <code>id</code> is the same each time: insert it in the transaction of your
          effect, and you have each effect once. The same as AsyncAPI 3:
          <a href="/docs/events/json">/docs/events/json</a>.
        </p>
        <p>Consumer groups: ${consumerGroups.map((group) => html`<code>${group}</code> `)}</p>
        <p>RabbitMQ queues: ${queues.map(({ name }) => html`<code>${name}</code> `)}</p>
        ${streams.map(section)}
      </body>
    </html>`

const section = (stream: Stream) => html`
  <h2><code>${stream}</code></h2>
  ${eventTypes.filter((type) => streamsOf(type)[0] === stream).map(entry)}
`

const entry = (type: EventType) => {
  const { summary, data, release } = documentOf(type)
  const more = streamsOf(type).slice(1)
  return html`
    <h3 id="${type}"><code>${type}</code></h3>
    <p>
      ${summary}. Exchange
      <code>${exchangeOf(type)}</code>${more.map((one) => html`, also in <code>${one}</code>`)}.
      ${release === 'later' ? html`<strong class="later">Produced by a later release: nothing publishes it yet.</strong>` : ''}
    </p>
    <pre>${JSON.stringify(schemaOf(data), undefined, 2)}</pre>
  `
}
