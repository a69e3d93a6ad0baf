/** A few requests to a server at a time, over connections that stay open: for preparing and probing. */

import { Agent, request } from 'node:http'

export interface Call {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
}

export interface Answer {
  readonly status: number
  readonly text: string
}

export interface Client {
  /** Rejects if there is no answer at all. */
  call(call: Call): Promise<Answer>
  /** The answer's JSON; rejects unless it is a success. */
  json(call: Call): Promise<unknown>
  close(): void
}

export const createClient = (url: string, connectionsMax = 64): Client => {
  const agent = new Agent({ keepAlive: true, maxSockets: connectionsMax })
  const call: Client['call'] = ({ method, path, headers = {}, body }) =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const sent = request(
        `${url}${path}`,
        {
          agent,
          method,
          headers:
            text === undefined ? headers : { ...headers, 'content-type': 'application/json' },
        },
        (answer) => {
          const chunks: Buffer[] = []
          answer.on('data', (chunk: Buffer) => chunks.push(chunk))
          answer.on('error', reject)
          answer.on('end', () =>
            resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
          )
        },
      )
      sent.on('error', reject)
      sent.end(text)
    })
  return {
    call,
    json: async (asked) => {
      const { status, text } = await call(asked)
      if (status >= 200 && status < 300) return JSON.parse(text) as unknown
      throw new Error(`${asked.method} ${asked.path} answers ${status}: ${text.slice(0, 500)}`)
    },
    close: () => agent.destroy(),
  }
}
