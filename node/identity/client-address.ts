/** Where a request came from, as far as it can be trusted: the other end of its connection. */

import type { Context } from 'hono'
import { isIPv6 } from 'node:net'
import type { NodeEnv } from '../http/router.ts'

/**
 * The address that attempts are counted under. Headers such as X-Forwarded-For are not believed:
 * anyone can write them, and no proxy of ours is known to overwrite them.
 */
export const clientAddress = (c: Context<NodeEnv>): string => {
  // Hono leaves the bindings undefined in `app.request()`, whatever their type says.
  const bindings: NodeEnv['Bindings'] | undefined = c.env
  return networkOf(bindings?.incoming?.socket.remoteAddress ?? 'unknown')
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
