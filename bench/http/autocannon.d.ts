/** The part of autocannon that the load driver uses; the package brings no types. */

declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'

  namespace autocannon {
    interface Request {
      readonly method: string
      readonly path: string
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }

    interface Client {
      setRequests(requests: readonly Request[]): void
    }

    interface Options {
      readonly url: string
      readonly connections: number
      /** Requests in all. */
      readonly amount?: number
      /** Seconds, if there is no amount. */
      readonly duration?: number
      /** Milliseconds between two looks at whether it is over. */
      readonly sampleInt?: number
      readonly setupClient?: (client: Client) => void
    }

    interface Result {
      readonly errors: number
      readonly non2xx: number
      readonly '2xx': number
    }

    /** Emits `start`, and `response` with the client, the status, the bytes and the milliseconds. */
    type Run = EventEmitter
  }

  function autocannon(
    options: autocannon.Options,
    done: (error: Error | null, result: autocannon.Result) => void,
  ): autocannon.Run

  export = autocannon
}
