/** The API's documentation: OpenAPI 3.1 at `/docs/json`, a page to try it out at `/docs`. */

import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import { Hono } from 'hono'
import type { NodeEnv } from './router.ts'

// The page and all it loads come from the node itself, so that it works without the internet and
// lets no one else's script run beside an admin's token.
const assets = new Map([
  ['swagger-ui.css', 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
  ['favicon-32x32.png', 'image/png'],
])

const pageHeaders = {
  // The viewer writes style attributes; scripts run from our own files only.
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
}

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Atoll API</title>
    <link rel="icon" href="/docs/assets/favicon-32x32.png" />
    <link rel="stylesheet" href="/docs/assets/swagger-ui.css" />
  </head>
  <body>
    <div id="api">The page needs JavaScript; <a href="/docs/json">the document</a> does not.</div>
    <script src="/docs/assets/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`

const start = `SwaggerUIBundle({
  url: '/docs/json',
  dom_id: '#api',
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
})
`

/** `describe` makes the document; it is called once, after all routes are there. */
export const createDocsRoutes = (deps: { readonly describe: () => object }): Hono<NodeEnv> => {
  const resolve = createRequire(import.meta.url).resolve
  let document: string | undefined
  return (
    new Hono<NodeEnv>()
      .get('/docs', (c) => c.html(page, 200, pageHeaders))
      .get('/docs/json', (c) => {
        document ??= JSON.stringify(deps.describe())
        return c.body(document, 200, { 'content-type': 'application/json' })
      })
      .get('/docs/start.js', (c) =>
        c.body(start, 200, { 'content-type': 'text/javascript; charset=utf-8' }),
      )
      // A name beside others that are fixed would keep Hono's fast router from taking any route at all.
      .get('/docs/assets/:asset', async (c) => {
        const asset = c.req.param('asset')
        // Only names of the list above ever reach the file system.
        const contentType = assets.get(asset)
        if (contentType === undefined) return c.notFound()
        const bytes = await readFile(resolve(`swagger-ui-dist/${asset}`))
        return c.body(bytes, 200, {
          'content-type': contentType,
          'cache-control': 'public, max-age=3600',
        })
      })
  )
}
