/**
 * The sandbox gateway: an HTTP server that speaks Stripe's API as far as payments need it, moves no
 * money, and goes wrong on demand.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createDeliveries, type Deliveries } from './deliveries.ts'
import { createDesk, type DeskAnswer } from './desk.ts'
import type { Journal } from './journal.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { done, invalid, type Reply } from './objects.ts'
import { summary } from './requests.ts'

export interface Gateway {
  /** `http://host:port`. */
  readonly url: string
  readonly ledger: Ledger
  readonly deliveries: Deliveries
  /** Down: every connection is cut, and nothing is done. The books stay. */
  setDown(isDown: boolean): void
  setLatency(ms: number): void
  close(): Promise<void>
}

export interface GatewayDeps {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly webhookSecret: string
  readonly endpoints: readonly string[]
  /** How long a request takes before it is done. */
  readonly latencyMs: number
  /** How long a late bank takes. */
  readonly lateMs: number
  /** Where the books are kept; `noJournal`: nowhere. */
  readonly journal: Journal
  readonly fetch: typeof fetch
  readonly clock: { now(): number }
  readonly timers: { after(ms: number, callback: () => void): () => void }
  readonly random: (bytes: number) => Uint8Array
}

/** Requests of the API are a few hundred bytes. */
const bodyBytesMax = 64 * 1_024

export const openGateway = async (deps: GatewayDeps): Promise<Gateway> => {
  const { timers } = deps
  const deliveries = createDeliveries({ ...deps, secret: deps.webhookSecret })
  const ledger = createLedger({
    ...deps,
    happened: (event, card) => deliveries.send(event, card),
  })
  const desk = createDesk({ ...deps, ledger })
  const underWay = new Set<string>()
  let isDown = false
  let latencyMs = deps.latencyMs

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (isDown) return void req.socket.destroy()
    const body = await readBody(req)
    if (body === undefined) return reply(res, invalid('body_too_large', 'Too large'))
    const { pathname: path, searchParams: query } = new URL(req.url ?? '/', 'http://gateway')
    const method = req.method ?? 'GET'
    if (path.startsWith('/sandbox/')) return reply(res, control({ method, path, body }))
    if (!/^Bearer sk_\w+$/.test(req.headers.authorization ?? '')) return reply(res, unauthorised)
    const request = { method, path, query, form: new URLSearchParams(body) }
    const key = headerOf(req, 'idempotency-key')
    if (key !== undefined && underWay.has(key)) return reply(res, keyInUse)
    if (key !== undefined) underWay.add(key)
    const answer = () => {
      if (key !== undefined) underWay.delete(key)
      // It may have gone down while the request was on its way.
      if (isDown) req.socket.destroy()
      else deliver(res, desk.answer(request, key))
    }
    if (latencyMs > 0) timers.after(latencyMs, answer)
    else answer()
  }

  /** What is beside Stripe's API: the books of an order, and how the gateway is to behave. */
  const control = ({ method, path, body }: { method: string; path: string; body: string }) => {
    const orderId = /^\/sandbox\/orders\/([\w.~-]+)$/.exec(path)?.[1]
    if (method === 'GET' && orderId !== undefined) return summary(ledger, orderId)
    if (method !== 'POST' || path !== '/sandbox/behaviour') {
      return invalid('resource_missing', 'There is nothing here', { status: 404 })
    }
    const form = new URLSearchParams(body)
    const latency = form.get('latency_ms')
    if (latency !== null && /^\d{1,6}$/.test(latency)) latencyMs = Number(latency)
    const webhooks = form.get('webhooks')
    if (webhooks === 'hold' || webhooks === 'send') deliveries.hold(webhooks === 'hold')
    return done({ latencyMs })
  }

  const server = createServer((req, res) => {
    serve(req, res).catch(() => req.socket.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(deps.port, deps.host, resolve)
  })
  // Listening on a port, its address is an object.
  const { port } = server.address() as AddressInfo

  return {
    url: `http://${deps.host.includes(':') ? `[${deps.host}]` : deps.host}:${port}`,
    ledger,
    deliveries,
    setDown: (down) => {
      isDown = down
      if (down) server.closeAllConnections()
    },
    setLatency: (ms) => {
      latencyMs = ms
    },
    close: () => {
      deliveries.close()
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve())).then(() =>
        deps.journal.close(),
      )
    },
  }
}

const deliver = (res: ServerResponse, { reply: answered, isReplay, fault }: DeskAnswer): void => {
  // The connection stays open, and nothing ever comes.
  if (fault === 'never' || fault === 'never_before' || fault === 'not_the_first') return
  reply(res, answered, isReplay)
  if (fault === 'twice') res.socket?.write(secondAnswer(answered))
}

const reply = (res: ServerResponse, { status, body }: Reply, isReplay = false): void => {
  res.writeHead(status, {
    'content-type': 'application/json',
    ...(isReplay ? { 'idempotent-replayed': 'true' } : {}),
  })
  res.end(JSON.stringify(body))
}

// What nobody asked for: a client that took it for the answer to its next request would be lost.
const secondAnswer = ({ status, body }: Reply): string => {
  const text = JSON.stringify(body)
  const length = Buffer.byteLength(text)
  return `HTTP/1.1 ${status} OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${text}`
}

const readBody = async (req: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bodyBytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const headerOf = (req: IncomingMessage, name: string): string | undefined => {
  const value = req.headers[name]
  return typeof value === 'string' && value !== '' ? value.slice(0, 255) : undefined
}

const unauthorised: Reply = invalid('api_key_missing', 'No API key was given', { status: 401 })

const keyInUse: Reply = invalid('idempotency_key_in_use', 'The same request is under way', {
  status: 409,
})
