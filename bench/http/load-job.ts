/** What the load driver is told to do, and what it reports. */

export interface LoadRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface LoadJob {
  readonly url: string
  readonly connections: number
  /**
   * Dealt out to the connections, each of which sends its own one after another and then begins
   * again. With fewer requests than connections, each connection sends all of them.
   */
  readonly requests: readonly LoadRequest[]
  /** `once`: each request is sent once. Otherwise for so many seconds. */
  readonly until: 'once' | { readonly seconds: number }
}

export interface LoadReport {
  readonly answered: number
  /** Requests without an answer, or with one that is no success. */
  readonly failed: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** How much of a core the driver used: near 1, it measured itself and not the server. */
  readonly driverLoad: number
}
