/**
 * What a node counts and measures, in the Prometheus text format.
 *
 * Label children are bound once and kept, because finding them by their labels costs more than
 * counting does. What has a current value (requests in flight, the lag of a peer) is read when it
 * is scraped and costs nothing before.
 */

import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
} from 'prom-client'

export interface Metrics {
  /** Where other parts of the node register what only they can measure. */
  readonly registry: Registry
  requestStarted(): void
  requestFinished(request: FinishedRequest): void
  /** One group commit: how many changes it held, and how long the disk took to make it durable. */
  committed(commit: { readonly changes: number; readonly syncMs: number }): void
  /** Counts what the node refuses or repairs, by a name of the caller's (`fork`, `overlong_line`). */
  event(name: string): void
  /** Names the source of the figures on peers; it is read at each scrape. */
  watchPeers(read: () => Iterable<PeerFigures>): void
  /** The figures by themselves, for another thread to add to its own. */
  figures(): Promise<Figures>
  /** Names the source of other threads' figures; it is read at each scrape, and added up. */
  addFigures(read: () => Promise<readonly Figures[]>): void
  /** The scrape: the text and its content type. */
  scrape(): Promise<{ readonly contentType: string; readonly text: string }>
}

export type Figures = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

export interface FinishedRequest {
  readonly method: string
  /** The route's pattern, never the path: a path is the client's and would grow without bound. */
  readonly route: string
  readonly status: number
  readonly ms: number
}

export interface PeerFigures {
  readonly name: string
  readonly connected: boolean
  readonly lagChanges: number
  readonly lagMs: number
}

export const createMetrics = (options: {
  /** Memory, CPU and event loop of the process; off where several nodes share one. */
  readonly processMetrics: boolean
}): Metrics => {
  const registry = new Registry()
  const registers = [registry]
  if (options.processMetrics) collectDefaultMetrics({ register: registry })

  const requests = new Counter({
    name: 'atoll_http_requests_total',
    help: 'Requests answered, by method, route pattern and status.',
    labelNames: ['method', 'route', 'status'],
    registers,
  })
  const durations = new Histogram({
    name: 'atoll_http_request_seconds',
    help: 'Time from a request to its answer, without the time the network takes.',
    labelNames: ['method', 'route'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  })
  let inFlight = 0
  const inFlightGauge: Gauge = new Gauge({
    name: 'atoll_http_requests_in_flight',
    help: 'Requests that are being answered now.',
    registers,
    collect: (): void => inFlightGauge.set(inFlight),
  })
  const commitChanges = new Histogram({
    name: 'atoll_commit_changes',
    help: 'Changes in one group commit.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    registers,
  })
  const commitSync = new Histogram({
    name: 'atoll_commit_sync_seconds',
    help: 'Time the disk took to make a group commit durable.',
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1],
    registers,
  })
  const events = new Counter({
    name: 'atoll_events_total',
    help: 'Things the node refused, repaired or wants to be known, by name.',
    labelNames: ['event'],
    registers,
  })

  let readPeers: () => Iterable<PeerFigures> = () => []
  const peerGauge = (name: string, help: string, figure: (peer: PeerFigures) => number): void => {
    const gauge: Gauge<'peer'> = new Gauge({
      name,
      help,
      labelNames: ['peer'],
      registers,
      collect: () => {
        // A peer that has left must not keep its last value for ever.
        gauge.reset()
        for (const peer of readPeers()) gauge.set({ peer: peer.name }, figure(peer))
      },
    })
  }
  peerGauge('atoll_peer_connected', 'Whether the link to the peer is open.', (peer) =>
    peer.connected ? 1 : 0,
  )
  peerGauge(
    'atoll_peer_lag_changes',
    'Changes that the peer lacks of ours.',
    (peer) => peer.lagChanges,
  )
  peerGauge(
    'atoll_peer_lag_seconds',
    'Age of the oldest change that the peer lacks.',
    (peer) => peer.lagMs / 1000,
  )

  let readOthers: () => Promise<readonly Figures[]> = () => Promise.resolve([])
  const countersByRequest = new Map<string, Counter.Internal>()
  const durationsByRoute = new Map<string, Histogram.Internal<'method' | 'route'>>()

  return {
    registry,
    requestStarted: () => {
      inFlight += 1
    },
    requestFinished: ({ method, route, status, ms }) => {
      inFlight -= 1
      const routeKey = `${method} ${route}`
      const requestKey = `${routeKey} ${status}`
      let counter = countersByRequest.get(requestKey)
      if (counter === undefined) {
        counter = requests.labels(method, route, String(status))
        countersByRequest.set(requestKey, counter)
      }
      counter.inc()
      let duration = durationsByRoute.get(routeKey)
      if (duration === undefined) {
        duration = durations.labels(method, route)
        durationsByRoute.set(routeKey, duration)
      }
      duration.observe(ms / 1000)
    },
    committed: ({ changes, syncMs }) => {
      commitChanges.observe(changes)
      commitSync.observe(syncMs / 1000)
    },
    event: (name) => events.inc({ event: name }),
    watchPeers: (read) => {
      readPeers = read
    },
    figures: () => registry.getMetricsAsJSON(),
    addFigures: (read) => {
      readOthers = read
    },
    scrape: async () => ({
      contentType: registry.contentType,
      text: await scrapeAll(registry, await readOthers()),
    }),
  }
}

/** What is also counted elsewhere is added up; what only the process has is told as it is. */
const scrapeAll = async (registry: Registry, others: readonly Figures[]): Promise<string> => {
  const shared = new Set(others.flatMap((figures) => figures.map(({ name }) => name)))
  if (shared.size === 0) return registry.metrics()
  const own = await registry.getMetricsAsJSON()
  const alone = own.filter(({ name }) => !shared.has(name))
  const summed = AggregatorRegistry.aggregate([
    own.filter(({ name }) => shared.has(name)),
    ...others,
  ])
  const texts = await Promise.all([
    summed.metrics(),
    ...alone.map(({ name }) => registry.getSingleMetricAsString(name)),
  ])
  return `${texts.map((text) => text.trimEnd()).join('\n\n')}\n`
}
