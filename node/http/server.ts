/**
 * The listening server: it bounds what a connection may cost, hands upgrades to those who speak their
 * protocol, and stops without breaking off what it has begun.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createNetServer, type AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener, RequestError } from '@hono/node-server'
import type { Hono } from 'hono'
import { errorCodes } from '../errors.ts'
import * as limits from './limits.ts'
import { problemMediaType } from './problem.ts'
import type { NodeEnv } from './router.ts'

export interface Server {
  /** The port in use, which is news if port 0 was asked for. */
  readonly port: number
  /** `http://host:port`, for people and for tests. */
  readonly url: string
  /**
   * Takes no new connections, lets requests in flight finish within the deadline, then cuts what is
   * left. Upgraded sockets are cut at once: whoever speaks on them says goodbye before.
   */
  close(): Promise<void>
}

export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly url: URL
  /** What stood at the `:names` of the path. */
  readonly params: Readonly<Record<string, string>>
}

/** Handlers of upgrade requests by path; a segment `:name` stands for any one segment. */
export type UpgradeHandlers = Readonly<Record<string, (upgrade: Upgrade) => void>>

export type App = Pick<Hono<NodeEnv>, 'fetch'>

/** Who answers requests as Node has them, and takes over connections that change their protocol. */
export interface Answering {
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void
  /** Whether it took the connection over. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean
}

export const answeringBy = (app: App, onUpgrade: UpgradeHandlers = {}): Answering => {
  const answer = getRequestListener((request, bindings) => app.fetch(request, bindings), {
    errorHandler: answerUnreadable,
  })
  const findUpgrade = upgradeFinder(onUpgrade)
  return {
    answer: (request, response) => void answer(request, response),
    upgrade: (request, socket, head) => {
      const found = findUpgrade(request)
      found?.handle({ request, socket, head, url: found.url, params: found.params })
      return found !== undefined
    },
  }
}

export interface ListenOptions {
  readonly app: App
  readonly host: string
  readonly port: number
  readonly onUpgrade?: UpgradeHandlers
  readonly drainDeadlineMs?: number
}

/** Rejects with a message for the operator if it cannot listen. */
export const listen = ({ app, onUpgrade, ...where }: ListenOptions): Promise<Server> =>
  listenTo({ ...where, ...answeringBy(app, onUpgrade) })

export interface ListenToOptions extends Answering {
  readonly host: string
  readonly port: number
  /** Whether other threads listen there too, and the system deals out the connections (Linux). */
  readonly reusePort?: boolean
  readonly drainDeadlineMs?: number
}

export const listenTo = async (options: ListenToOptions): Promise<Server> => {
  const { host, port, reusePort = false } = options
  const { server, close } = createHttpServer(options)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, { host, port })))
    server.listen({ host, port, reusePort }, resolve)
  })
  // Past this point an error of the server concerns one connection, which Node has closed by then.
  server.on('error', () => {})
  const address = server.address() as AddressInfo
  const hostInUrl = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return { port: address.port, url: `http://${hostInUrl}:${address.port}`, close }
}

/** A server without an address: it is handed its connections. */
export interface InnerServer {
  accept(connection: Duplex): void
  close(): Promise<void>
}

export const createInnerServer = (answering: Answering): InnerServer => {
  const { server, close } = createHttpServer(answering)
  const connections = new Set<Duplex>()
  return {
    accept: (connection) => {
      connections.add(connection)
      connection.once('close', () => connections.delete(connection))
      server.emit('connection', connection)
    },
    close: async () => {
      for (const connection of connections) connection.destroy()
      await close()
    },
  }
}

/**
 * The port that `port` stands for, if nobody has it: to be asked before threads share it, since the
 * system would let another program of the same user share it too. Rejects as `listen` does.
 */
export const findPort = (where: { readonly host: string; readonly port: number }) =>
  new Promise<number>((resolve, reject) => {
    const server = createNetServer()
    server.once('error', (error) => reject(listenError(error, where)))
    server.listen(where, () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

const createHttpServer = (options: Answering & { readonly drainDeadlineMs?: number }) => {
  const { answer, upgrade, drainDeadlineMs = limits.drainDeadlineMs } = options
  let isClosing = false
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: 5_000,
      noDelay: true,
    },
    (request, response) => {
      // A connection that goes on asking would keep a closing server up.
      if (isClosing) response.shouldKeepAlive = false
      answer(request, response)
    },
  )
  server.maxConnections = limits.connectionsMax
  server.maxHeadersCount = limits.headersMax
  server.timeout = limits.idleTimeoutMs

  const upgraded = new Set<Duplex>()
  server.on('upgrade', (request, socket, head) => {
    // Without a listener, a socket that breaks takes the process with it.
    socket.on('error', () => socket.destroy())
    if (!isClosing && upgrade(request, socket, head)) {
      upgraded.add(socket)
      socket.once('close', () => upgraded.delete(socket))
      // How long silence may last is now for the new protocol to say.
      request.socket.setTimeout(0)
      return
    }
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () =>
      socket.destroy(),
    )
  })

  let closed: Promise<void> | undefined
  const close = async (): Promise<void> => {
    isClosing = true
    const stopped = new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
    for (const socket of upgraded) socket.destroy()
    // A connection turns idle when its last answer is out; Node closes idle ones only when asked.
    const sweep = setInterval(() => server.closeIdleConnections(), 20)
    const deadline = setTimeout(() => server.closeAllConnections(), drainDeadlineMs)
    await stopped
    clearInterval(sweep)
    clearTimeout(deadline)
  }
  return { server, close: () => (closed ??= close()) }
}

// What cannot even become a request (a path that is no URL, a host that is none) never reaches the
// app; it is answered in the same form.
export const answerUnreadable = (error: unknown): Response => {
  const code = error instanceof RequestError ? 'invalid_request' : 'internal_error'
  const { status, title } = errorCodes[code]
  const detail = 'The request line or the Host header cannot be read'
  return new Response(JSON.stringify({ type: `/problems/${code}`, title, status, detail, code }), {
    status,
    headers: { 'content-type': problemMediaType, 'cache-control': 'no-store' },
  })
}

const listenError = (
  error: Error,
  { host, port }: { readonly host: string; readonly port: number },
): Error => {
  const code = 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return new Error(`port ${port} is taken: choose another with --port`, { cause: error })
  if (code === 'EACCES')
    return new Error(`port ${port} needs privileges: choose one above 1023 with --port`, {
      cause: error,
    })
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new Error(`${host} is no address of this machine: choose another with --host`, {
      cause: error,
    })
  return error
}

interface FoundUpgrade {
  readonly handle: (upgrade: Upgrade) => void
  readonly url: URL
  readonly params: Readonly<Record<string, string>>
}

const upgradeFinder = (
  handlers: UpgradeHandlers,
): ((request: IncomingMessage) => FoundUpgrade | undefined) => {
  const routes = Object.entries(handlers).map(([pattern, handle]) => ({
    segments: pattern.split('/'),
    handle,
  }))
  return (request) => {
    const path = request.url ?? ''
    if (!path.startsWith('/') || !URL.canParse(path, 'http://node')) return undefined
    const url = new URL(path, 'http://node')
    const segments = url.pathname.split('/')
    for (const route of routes) {
      const params = paramsOf(route.segments, segments)
      if (params !== undefined) return { handle: route.handle, url, params }
    }
    return undefined
  }
}

const paramsOf = (
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined => {
  if (pattern.length !== segments.length) return undefined
  const params: Record<string, string> = {}
  for (const [at, expected] of pattern.entries()) {
    const segment = segments[at] ?? ''
    if (!expected.startsWith(':')) {
      if (segment !== expected) return undefined
      continue
    }
    const decoded = decode(segment)
    if (decoded === undefined || decoded === '') return undefined
    params[expected.slice(1)] = decoded
  }
  return params
}

const decode = (segment: string): string | undefined => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
