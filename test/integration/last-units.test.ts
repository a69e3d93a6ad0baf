/** The last units of a variant, wanted by many at three nodes that are cut off, killed and healed. */

import { afterAll, describe, expect, test } from 'vitest'
import { seededRandom, type Random } from '../crash-points/random.ts'
import { createBuyers, type Buyers } from './buyers.ts'
import {
  cleanUpProcesses,
  freePort,
  newDataDir,
  pause,
  request,
  signIn,
  startProcess,
  type NodeProcess,
  type ProcessOptions,
} from './node-process.ts'
import { eventually } from './node-under-test.ts'
import { seedFor } from './seed.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'
const size = isFull
  ? { runs: 20, units: 1_000, attempts: 20_000, atOnce: 48 }
  : { runs: 1, units: 100, attempts: 800, atOnce: 12 }
/** Of all attempts, those that come when everything is healed, so that there is demand left. */
const healedShare = 0.1

afterAll(cleanUpProcesses)

type Headers = Readonly<Record<string, string>>

interface Cluster {
  readonly places: readonly ProcessOptions[]
  /** The nodes that live, by name. */
  readonly running: Map<string, NodeProcess>
  readonly urls: readonly string[]
  /** An admin, signed in not long ago. */
  readonly admin: () => Promise<Headers>
}

const openCluster = async (): Promise<Cluster> => {
  const names = ['eu', 'us', 'ap']
  const ports = await Promise.all(names.map(freePort))
  const places = names.map((name, at) => ({
    name,
    port: ports[at]!,
    dataDir: newDataDir(),
    peers: ports.filter((_, other) => other !== at),
  }))
  const running = new Map<string, NodeProcess>()
  await Promise.all(places.map(async (one) => running.set(one.name, await startProcess(one))))
  const urls = [...running.values()].map(({ url }) => url)
  return { places, running, urls, admin: createAdmin(urls) }
}

// A token lasts a quarter of an hour, and a run may take longer on a busy machine.
const createAdmin = (urls: readonly string[]): (() => Promise<Headers>) => {
  let signedInMs = Number.NEGATIVE_INFINITY
  let headers: Promise<Headers> = Promise.reject(new Error('nobody has signed in'))
  headers.catch(() => undefined)
  const anywhere = async (): Promise<Headers> => {
    for (let tries = 0; tries < 200; tries++) {
      for (const url of urls) {
        const found = await signIn(url).catch(() => undefined)
        if (found) return found
      }
      await pause(100)
    }
    throw new Error('Nobody could sign in')
  }
  return () => {
    if (performance.now() - signedInMs > 300_000) {
      signedInMs = performance.now()
      headers = anywhere()
    }
    return headers
  }
}

const ask = async (url: string, method: string, path: string, headers: Headers, body?: unknown) => {
  const reply = await request(url, method, `/api/v1${path}`, { headers, ...(body ? { body } : {}) })
  if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.text}`)
  return reply.body
}

/** A variant with so many units at the first node, and a flash sale of it, known everywhere. */
const offer = async (cluster: Cluster, units: number) => {
  const { urls } = cluster
  const admin = await cluster.admin()
  const [url = ''] = urls
  const price = { amount: 4_900, currency: 'USD' }
  const product = { sku: 'LAST', name: 'The last of them', price, initialQuantity: units }
  const { variants } = await ask(url, 'POST', '/products', admin, product)
  const variant = variants[0]!.id
  const sale = await ask(url, 'POST', '/flash-sales', admin, {
    variantId: variant,
    name: 'Doorbuster',
    price: { amount: 990, currency: 'USD' },
    startsAt: new Date(Date.now() - 60_000).toISOString(),
    endsAt: new Date(Date.now() + 24 * 3_600_000).toISOString(),
  })
  await agree(cluster)
  return { variant, sale: sale.id }
}

/** Resolves when all nodes have the same changes, and the same documents made of them. */
const agree = ({ urls, admin }: Pick<Cluster, 'urls' | 'admin'>) =>
  eventually(async () => {
    const headers = await admin()
    const all = await Promise.all(urls.map((url) => ask(url, 'GET', '/admin/replication', headers)))
    expect(new Set(all.map(({ digest }) => digest)).size).toBe(1)
  })

interface Mischief {
  cuts: number
  kills: number
}

/** Cuts and opens links, and kills nodes, until it is told to stop; then everything is healed. */
const disturb = (cluster: Cluster, random: Random) => {
  const { places, running, admin } = cluster
  const done: Mischief = { cuts: 0, kills: 0 }
  const revivals = new Set<Promise<unknown>>()
  const over = new AbortController()

  const setLink = async (at: string, to: string, state: 'cut' | 'open') => {
    const url = running.get(at)?.url
    // Of a node that is killed meanwhile the link is open when it comes back.
    if (url) {
      const path = `/admin/peers/${to}/link`
      await ask(url, 'PUT', path, await admin(), { state }).catch(() => undefined)
    }
  }
  const revive = async (place: ProcessOptions) => {
    await pause(random.below(1_000))
    running.set(place.name, await startProcess(place))
  }
  const kill = async () => {
    const place = random.pick(places)
    const node = running.get(place.name)
    // One at a time: on a busy machine a start takes long, and with all away nobody is left to ask.
    if (!node || revivals.size > 0) return
    running.delete(place.name)
    await node.kill()
    done.kills++
    const revival = revive(place)
    revivals.add(revival)
    void revival.finally(() => revivals.delete(revival)).catch(() => undefined)
  }
  const act = async () => {
    const [one, other] = [random.pick(places).name, random.pick(places).name]
    const chance = random.below(10)
    if (chance < 2) await kill()
    else if (one !== other && chance < 7) {
      done.cuts++
      await setLink(one, other, 'cut')
    } else if (one !== other) {
      await Promise.all([setLink(one, other, 'open'), setLink(other, one, 'open')])
    }
  }
  const acting = (async () => {
    while (!over.signal.aborted) {
      await act()
      await pause(random.below(250))
    }
  })()

  return {
    done,
    heal: async () => {
      over.abort()
      await acting
      await Promise.all(revivals)
      for (const { name } of places) {
        for (const { name: other } of places) if (name !== other) await setLink(name, other, 'open')
      }
      await agree(cluster)
    },
  }
}

/** So many buyers come, so many at once. */
const crowd = async (buyers: Buyers, attempts: number, limit: () => void): Promise<void> => {
  let left = attempts
  const worker = async () => {
    while (left-- > 0) {
      await buyers.come()
      limit()
    }
  }
  await Promise.all(Array.from({ length: size.atOnce }, worker))
}

/** The ids of all orders that a node has and that stand. */
const ordersAt = async (url: string, admin: Headers): Promise<readonly string[]> => {
  const ids: string[] = []
  let cursor = ''
  do {
    const page = await ask(url, 'GET', `/orders?limit=100${cursor}`, admin)
    for (const { id, status } of page.items) if (status !== 'cancelled') ids.push(id)
    cursor = page.next === undefined ? '' : `&cursor=${page.next}`
  } while (cursor !== '')
  return ids.sort()
}

describe('three nodes, one variant, and more who want it than there are units', () => {
  test(
    `${size.runs} × ${size.attempts} attempts at ${size.units} units: never more sold, and all in the end`,
    { timeout: size.runs * 300_000 },
    async () => {
      const seed = seedFor('last units')
      for (let run = 0; run < size.runs; run++) {
        const startMs = performance.now()
        const random = seededRandom(seed + run)
        const cluster = await openCluster()
        const { urls, admin } = cluster
        const { variant, sale } = await offer(cluster, size.units)
        const buyers = createBuyers({ urls, variant, sale, admin, random, givesBackPercent: 10 })
        const neverMore = () => expect(buyers.accepted()).toBeLessThanOrEqual(size.units)

        const disturbed = disturb(cluster, random)
        await crowd(buyers, Math.ceil(size.attempts * (1 - healedShare)), neverMore)
        await disturbed.heal()
        const apart = buyers.accepted()
        await crowd(buyers, Math.floor(size.attempts * healedShare), neverMore)
        // What the last ones gave back is there for whoever comes now.
        for (let more = 0; buyers.accepted() < size.units && more < 500; more++) await buyers.come()
        await agree(cluster)

        const { counts, standing } = buyers
        const { cuts, kills } = disturbed.done
        process.stdout.write(
          `run ${run + 1}: ${buyers.accepted()} of ${size.units} sold, never more than ` +
            `${counts.acceptedMost}; ${apart} before the heal; ${counts.attempts} attempts, ` +
            `${counts.refused} refused, ${counts.givenBack} given back, ${counts.repeated} sent again; ` +
            `${cuts} cuts, ${kills} kills; ${((performance.now() - startMs) / 1_000).toFixed(0)} s\n`,
        )
        expect(buyers.accepted()).toBe(size.units)
        const headers = await admin()
        for (const url of urls) {
          expect(await ask(url, 'GET', `/inventory/${variant}`, headers)).toMatchObject({
            available: 0,
          })
          const kept = await ordersAt(url, headers)
          expect(kept).toEqual([...standing.orders, ...standing.purchases].sort())
          const stats = await ask(url, 'GET', `/flash-sale/stats?saleId=${sale}`, headers)
          expect(stats).toMatchObject({ sold: standing.purchases.size, reserved: 0 })
        }
        await Promise.all([...cluster.running.values()].map((node) => node.stop()))
      }
    },
  )
})
