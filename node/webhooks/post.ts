/** Sends one webhook: to the pinned address, within the deadline, and without following anything. */

import { lookup } from 'node:dns/promises'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { answerBytesMax } from './limits.ts'
import { hostOf, pinAddress, type Resolve, type TargetRule } from './target.ts'

export interface Posted {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
}

/** Answers the status; rejects if there is none. */
export type Post = (posted: Posted) => Promise<number>

const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address)

export const createPost = (rule: TargetRule, resolve: Resolve = systemResolve): Post => {
  // No connection is used twice: the next one may have another address.
  const options = { keepAlive: false, autoSelectFamily: false }
  const agents = { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) }
  return async ({ url, headers, body, signal }) => {
    const address = await Promise.race([pinAddress(url, rule, resolve), aborted(signal)])
    const isPlain = url.protocol === 'http:'
    return new Promise((done, fail) => {
      const sent = (isPlain ? httpRequest : httpsRequest)({
        method: 'POST',
        // The certificate is for the name; the connection goes to the address.
        host: hostOf(url),
        port: url.port === '' ? (isPlain ? 80 : 443) : Number(url.port),
        path: `${url.pathname}${url.search}`,
        agent: agents[isPlain ? 'http:' : 'https:'],
        lookup: (_host, { all }, answer) => {
          const family = isIP(address)
          if (all === true) answer(null, [{ address, family }])
          else answer(null, address, family)
        },
        signal,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      })
      sent.on('error', fail)
      sent.on('response', (response) => {
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > answerBytesMax) sent.destroy(new Error('The answer is too long'))
        })
        response.on('error', fail)
        response.on('end', () => done(response.statusCode ?? 0))
      })
      sent.end(body)
    })
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, fail) => {
    const end = (): void => fail(new Error('There was no answer in time'))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
