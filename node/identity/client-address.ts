/** Where a request came from, as far as it can be trusted. */

import type { Context } from 'hono'
import { isIP, isIPv6 } from 'node:net'
import type { NodeEnv } from '../http/router.ts'

/**
 * Reads the address that attempts are counted under. Anyone can write X-Forwarded-For, and each proxy
 * adds the address at its other end: so of a request that has passed as many proxies of ours as are
 * trusted, as many of the last entries are true, and the first of those is the client.
 */
export const createClientAddress =
  (trustedProxies: number) =>
  (c: Context<NodeEnv>): string => {
    // Hono leaves the bindings undefined in `app.request()`, whatever their type says.
    const bindings: NodeEnv['Bindings'] | undefined = c.env
    const connected =
      bindings?.remoteAddress ?? bindings?.incoming?.socket.remoteAddress ?? 'unknown'
    const forwarded = trustedProxies > 0 ? c.req.header('x-forwarded-for') : undefined
    return networkOf(clientOf(connected, forwarded, trustedProxies))
  }

/** The client's address, given whom we are connected to and what the proxies say. */
export const clientOf = (
  connected: string,
  forwarded: string | undefined,
  trustedProxies: number,
): string => {
  if (trustedProxies === 0) return connected
  const entries = (forwarded ?? '').split(',')
  // Fewer entries than proxies, or one that is no address: it came another way than it should, and
  // then nothing that it says can be told from what its sender made up.
  const entry = addressIn(entries.at(-trustedProxies) ?? '')
  return isIP(entry) === 0 ? connected : entry
}

// Some proxies write the port, too, and brackets around an IPv6 address.
const addressIn = (entry: string): string => {
  const text = entry.trim()
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1]
  const withPort = /^([\d.]+):\d{1,5}$/.exec(text)?.[1]
  return bracketed ?? withPort ?? text
}

/** The address; of IPv6 the /64 network, since each customer of a provider has all of one. */
export const networkOf = (address: string): string => {
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  const groups = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
