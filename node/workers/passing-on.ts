/**
 * How a worker passes on what it does not answer itself, so that a client cannot tell who answered.
 *
 * Most requests are short and so are their answers: they are read whole and go through the queue. What
 * has no end in sight, or is odd in any way, is passed on as it comes, over a byte line: uploads, streams of
 * events, connections that become WebSockets.
 */

import {
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { Duplex } from 'node:stream'
import { errorCodes, type ErrorCode } from '../errors.ts'
import { Fault } from '../fault.ts'
import type { Answering } from '../http/server.ts'
import { problemMediaType } from '../http/problem.ts'
import type { ByteLine } from './byte-line.ts'
import { heldBodyBytesMax } from './limits.ts'
import type { RemoteCore } from './remote-core.ts'

export interface PassingOnDeps {
  readonly core: Pick<RemoteCore, 'request'>
  /** A line to the core's server, which takes it for a connection from that address. */
  readonly openLine: (remoteAddress: string) => ByteLine
}

export const createPassingOn = ({ core, openLine }: PassingOnDeps): Answering => {
  const passWhole = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readWhole(request)
    if (body === undefined) return
    const { method = 'GET', rawHeaders } = request
    const url = `http://${request.headers.host ?? ''}${request.url ?? ''}`
    const head = { method, url, headers: rawHeaders, remoteAddress: addressOf(request) }
    try {
      const answer = await core.request(head, body)
      if (response.destroyed) return
      for (const [name, value] of answer.headers) response.appendHeader(name, value)
      if (mayHaveBody(method, answer.status))
        response.setHeader('content-length', answer.body.length)
      response.writeHead(answer.status)
      response.end(answer.body)
    } catch (error) {
      answerFault(response, error instanceof Fault ? error.code : 'internal_error')
    }
  }

  const passAlong = (request: IncomingMessage, response: ServerResponse): void => {
    const line = openLine(addressOf(request))
    const onwards: ClientRequest = httpRequest({
      createConnection: () => line,
      method: request.method,
      path: request.url,
      headers: [...hopless(request.rawHeaders), 'Connection', 'close'],
      setHost: false,
    })
    const breakOff = (): void => {
      line.destroy()
      if (response.headersSent) response.destroy()
      else answerFault(response, 'shutting_down')
    }
    onwards.on('error', breakOff)
    onwards.on('response', (answer) => {
      const { statusCode = 500, rawHeaders } = answer
      response.writeHead(statusCode, hopless(rawHeaders))
      // The head of a stream of events is news by itself.
      response.flushHeaders()
      answer.on('error', breakOff)
      answer.pipe(response)
    })
    // Whoever has gone need not be answered.
    response.on('close', () => line.destroy())
    request.on('error', breakOff)
    request.pipe(onwards)
  }

  return {
    answer: (request, response) => {
      if (isShort(request)) void passWhole(request, response)
      else passAlong(request, response)
    },
    upgrade: (request, socket, head) => {
      const line = openLine(addressOf(request))
      line.on('error', () => socket.destroy())
      line.on('close', () => socket.destroy())
      socket.on('error', () => line.destroy())
      socket.on('close', () => line.destroy())
      line.write(headOf(request))
      if (head.length > 0) line.write(head)
      pipeBoth(socket, line)
      return true
    },
  }
}

const pipeBoth = (socket: Duplex, line: ByteLine): void => {
  socket.pipe(line)
  line.pipe(socket)
}

const addressOf = ({ socket }: IncomingMessage): string => socket.remoteAddress ?? 'unknown'

/** Plain in every part, with a body that is there and short. */
const isShort = ({ url = '', headers, httpVersion }: IncomingMessage): boolean =>
  httpVersion === '1.1' &&
  plainPath.test(url) &&
  plainHost.test(headers.host ?? '') &&
  headers['transfer-encoding'] === undefined &&
  Number(headers['content-length'] ?? 0) <= heldBodyBytesMax &&
  !url.startsWith('/sse/') &&
  !(headers.accept ?? '').includes('text/event-stream')

// What needs no second look to be part of a URL; the rest is for the core's server to judge.
const plainPath = /^\/(?!\/)[\w\-./~%?&=,:@+]*$/
const plainHost = /^[\w-]+(\.[\w-]+)*(:\d{1,5})?$/

/** The body; undefined if the client broke off. */
const readWhole = (request: IncomingMessage): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('close', () => resolve(undefined))
    request.on('error', () => resolve(undefined))
  })

const mayHaveBody = (method: string, status: number): boolean =>
  method !== 'HEAD' && status !== 204 && status !== 304

/** Headers that are about this connection and not about the message (RFC 9110, 7.6.1). */
const hopHeaders = new Set(['connection', 'keep-alive', 'proxy-connection'])

const hopless = (rawHeaders: readonly string[]): string[] => {
  const kept: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (!hopHeaders.has(name.toLowerCase())) kept.push(name, rawHeaders[at + 1] ?? '')
  }
  return kept
}

/** The head of a request as it came. */
const headOf = ({ method = 'GET', url = '/', rawHeaders }: IncomingMessage): Buffer => {
  const lines = [`${method} ${url} HTTP/1.1`]
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`)
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

/** The app is not reached, so its form of a problem is made here. */
const answerFault = (response: ServerResponse, code: ErrorCode): void => {
  if (response.headersSent || response.destroyed) return
  const { status, title } = errorCodes[code]
  const detail = 'The request was not carried out, or it is not known whether it was'
  const wait = status === 503 ? { 'retry-after': '1' } : {}
  response.writeHead(status, {
    'content-type': problemMediaType,
    'cache-control': 'no-store',
    ...wait,
  })
  response.end(JSON.stringify({ type: `/problems/${code}`, title, status, detail, code }))
}
