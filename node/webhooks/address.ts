/**
 * Which network addresses a webhook may go to: those that are the internet's, and none of ours. An
 * address is judged after its name was resolved, and then connected to as it was judged.
 *
 * Of IPv4 everything is allowed but the special ranges (RFC 6890 and its registry). Of IPv6 only global
 * unicast (2000::/3) is, without those parts of it that lead to IPv4 again (6to4, Teredo) or nowhere:
 * so mapped (::ffff:0:0/96) and translated (64:ff9b::/96) addresses need no rule of their own.
 */

import { BlockList, isIP } from 'node:net'

export type AddressKind = 'public' | 'loopback' | 'private'

const blocked = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Multicast, what is reserved, and broadcast.
  ['224.0.0.0', 3],
] as const) {
  blocked.addSubnet(network, bits, 'ipv4')
}
for (const [network, bits] of [
  // Teredo, benchmarking, ORCHID and the rest of the protocol assignments.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const) {
  blocked.addSubnet(network, bits, 'ipv6')
}

const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** What an address is; a text that is no address is private, since nobody knows where it leads. */
export const kindOfAddress = (address: string): AddressKind => {
  switch (isIP(address)) {
    case 4:
      if (loopback.check(address, 'ipv4')) return 'loopback'
      return blocked.check(address, 'ipv4') ? 'private' : 'public'
    case 6: {
      // A zone names an interface of ours.
      if (address.includes('%')) return 'private'
      if (loopback.check(address, 'ipv6')) return 'loopback'
      const isGlobal = global.check(address, 'ipv6') && !blocked.check(address, 'ipv6')
      return isGlobal ? 'public' : 'private'
    }
    default:
      return 'private'
  }
}
