/** A node as the catalog commands see it: login, product batches and the product list, and no more. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PretendNode {
  readonly url: URL
  /** What stands in its catalog, by SKU, as it was sent. */
  readonly products: ReadonlyMap<string, Product>
  /** How many batches it has answered, logins it has taken, requests it has seen. */
  readonly seen: { batches: number; logins: number; requests: number }
  /** Answers to the next requests instead of its own; `'break'` closes the connection. */
  readonly next: (Reply | 'break')[]
  /** What happens to the tokens it has given out, and to lines. */
  readonly rules: Rules
  /** Its catalog as it reads over HTTP. */
  read(): readonly unknown[]
  /** Forgets its catalog. */
  reset(): void
  close(): Promise<void>
}

export interface Product {
  readonly sku: string
  readonly price: { readonly amount: number; readonly currency: string }
  readonly initialQuantity?: number
  readonly variants?: readonly Variant[]
  readonly [field: string]: unknown
}

interface Variant {
  readonly sku: string
  readonly options: Readonly<Record<string, string>>
  readonly price?: Product['price']
  readonly initialQuantity?: number
}

interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

interface Rules {
  token: string
  pageItems: number
  /** A problem for a product, if it has one. */
  refuses: (product: Product) => { code: string; detail: string } | undefined
  onBatch: () => void
}

export const admin = { email: 'alice@example.com', password: 'correct horse' }

export const createPretendNode = async (): Promise<PretendNode> => {
  const products = new Map<string, Product>()
  const seen = { batches: 0, logins: 0, requests: 0 }
  const next: (Reply | 'break')[] = []
  const rules: Rules = {
    token: 'token-1',
    pageItems: 2,
    refuses: () => undefined,
    onBatch: () => undefined,
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    seen.requests += 1
    const text = await bodyOf(request)
    const reply = next.shift()
    if (reply === 'break') {
      request.socket.destroy()
      return
    }
    const { status, headers, body } = reply ?? route(request, text)
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  }

  const route = (request: IncomingMessage, text: string): Reply => {
    const url = new URL(request.url ?? '', 'http://node')
    const path = `${request.method} ${url.pathname}`
    if (path === 'POST /api/v1/auth/login') return login(text)
    if (path === 'GET /api/v1/products') return list(url)
    if (path !== 'POST /api/v1/products:batch') return problem(404, 'not_found')
    if (request.headers.authorization !== `Bearer ${rules.token}`)
      return problem(401, 'unauthorized')
    if (request.headers['content-type'] !== 'application/x-ndjson') {
      return problem(415, 'unsupported_media_type')
    }
    return batch(text)
  }

  const login = (text: string): Reply => {
    seen.logins += 1
    return text === JSON.stringify(admin)
      ? { status: 200, body: JSON.stringify({ accessToken: rules.token, expiresIn: 900 }) }
      : problem(401, 'invalid_credentials', 'E-mail or password is wrong.')
  }

  const batch = (text: string): Reply => {
    const lines = text.split('\n').filter((line) => line !== '')
    const results = lines.map((line, index) => ({ line: index + 1, ...take(JSON.parse(line)) }))
    seen.batches += 1
    rules.onBatch()
    return { status: 200, body: results.map((result) => `${JSON.stringify(result)}\n`).join('') }
  }

  const take = (product: Product) => {
    const refusal = rules.refuses(product)
    if (refusal) return { status: 'rejected', problem: refusal }
    const before = products.get(product.sku)
    products.set(product.sku, product)
    if (before === undefined) return { status: 'created', id: product.sku }
    const isSame = JSON.stringify(before) === JSON.stringify(product)
    return { status: isSame ? 'unchanged' : 'updated', id: product.sku }
  }

  const list = (url: URL): Reply => {
    const from = Number(url.searchParams.get('cursor') ?? '0')
    const items = [...products.values()].slice(from, from + rules.pageItems).map(asRead)
    const end = from + items.length
    const body = { items, ...(end < products.size && { next: String(end) }) }
    return { status: 200, body: JSON.stringify(body) }
  }

  const server = createServer((request, response) => {
    // A request that breaks off on its way has nobody to answer.
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    products,
    seen,
    next,
    rules,
    read: () => [...products.values()].map(asRead),
    reset: () => products.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const problem = (status: number, code: string, detail = code): Reply => ({
  status,
  body: JSON.stringify({ status, code, detail }),
})

// As the contract says a product reads: at least one variant, each with its price.
const asRead = ({ initialQuantity, variants, ...product }: Product) => ({
  id: `id-${product.sku}`,
  ...product,
  variants: (variants ?? [{ sku: product.sku, options: {}, initialQuantity }]).map((variant) => ({
    id: `id-${product.sku}-${variant.sku}`,
    sku: variant.sku,
    options: variant.options,
    price: ('price' in variant ? variant.price : undefined) ?? product.price,
    available: variant.initialQuantity,
  })),
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
})
