/**
 * Where a webhook goes: a URL that an admin gave, and the one address that it is connected to.
 *
 * A name may resolve to something else each time it is asked for. So it is asked for once a delivery,
 * every address that comes back must be allowed, and the connection goes to the first of them and to
 * nothing else. Redirects are answers like any other: nobody follows them.
 */

import { isIP } from 'node:net'
import { ok, refused, type Result } from '../result.ts'
import { kindOfAddress } from './address.ts'
import { urlLengthMax } from './limits.ts'

/** Whether targets on this machine are allowed: for development and tests. */
export interface TargetRule {
  readonly allowsLoopback: boolean
}

/** The URL, as it is kept; or what is wrong with it. */
export const parseTarget = (text: string, { allowsLoopback }: TargetRule): Result<URL, string> => {
  if (text.length > urlLengthMax) return refused(`It is longer than ${urlLengthMax} characters`)
  if (!URL.canParse(text)) return refused('It is no URL')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return refused('It must not hold a password')
  if (url.hash !== '') return refused('A fragment is never sent')
  const isPlain = url.protocol === 'http:' && allowsLoopback
  if (url.protocol !== 'https:' && !isPlain) return refused('It must begin with https://')
  const host = hostOf(url)
  if (isIP(host) !== 0 && !isAllowed(host, url, { allowsLoopback })) {
    return refused(`${host} is no address of the internet`)
  }
  const isLocal = /(^|\.)(localhost|local|internal|home\.arpa)\.?$/i.test(host)
  const isLoopbackName = allowsLoopback && /^localhost\.?$/i.test(host)
  if (isLocal && !isLoopbackName) return refused(`${host} is a name of this network alone`)
  return ok(url)
}

/** The host without the brackets that an address of IPv6 has in a URL. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1')

// What is not encrypted stays on this machine.
const isAllowed = (address: string, { protocol }: URL, { allowsLoopback }: TargetRule): boolean => {
  const kind = kindOfAddress(address)
  if (kind === 'loopback') return allowsLoopback
  return kind === 'public' && protocol === 'https:'
}

export type Resolve = (host: string) => Promise<readonly string[]>

/** The address to connect to; throws if one that the name resolves to is not allowed. */
export const pinAddress = async (url: URL, rule: TargetRule, resolve: Resolve): Promise<string> => {
  const host = hostOf(url)
  const addresses = isIP(host) === 0 ? await resolve(host) : [host]
  const [first] = addresses
  if (first === undefined) throw new Error(`${host} has no address`)
  const bad = addresses.find((address) => !isAllowed(address, url, rule))
  if (bad !== undefined) throw new Error(`${host} is at ${bad}, which webhooks may not go to`)
  return first
}
