import * as fc from 'fast-check'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { NodeEnv } from '../../../../node/http/router.ts'
import {
  clientOf,
  createClientAddress,
  networkOf,
} from '../../../../node/identity/client-address.ts'

describe('the address that attempts are counted under', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::6', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})

describe('the client behind proxies', () => {
  const proxy = '10.0.0.1'

  it.each([
    ['is who is connected, whatever the request says', 0, '198.51.100.1', proxy],
    ['is whom the proxy was connected to', 1, '192.0.2.7', '192.0.2.7'],
    ['is whom the first of two was connected to', 2, '192.0.2.7, 10.0.0.2', '192.0.2.7'],
    ['is not what the client wrote before that', 1, '198.51.100.1, 192.0.2.7', '192.0.2.7'],
    ['is not what the client wrote, two deep', 2, '9.9.9.9, 192.0.2.7, 10.0.0.2', '192.0.2.7'],
    ['is who is connected if a proxy was gone round', 2, '198.51.100.1', proxy],
    ['is who is connected if no proxy said anything', 1, undefined, proxy],
    ['is who is connected if there is no address', 1, '192.0.2.7, unknown', proxy],
    ['is read with a port', 1, '192.0.2.7:5123', '192.0.2.7'],
    ['is read in brackets', 1, '[2001:db8::1]:5123', '2001:db8::1'],
    ['is read without brackets', 1, '2001:db8::1', '2001:db8::1'],
  ])('%s', (_name, trusted, forwarded, client) => {
    expect(clientOf(proxy, forwarded, trusted)).toBe(client)
  })

  it('is never chosen by what stands before the entries of our own proxies', () => {
    const header = fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), { maxLength: 5 })
    fc.assert(
      fc.property(
        header,
        fc.ipV4(),
        fc.array(fc.ipV4(), { maxLength: 3 }),
        (made, client, ours) => {
          const forwarded = [...made, client, ...ours].join(', ')
          expect(clientOf(proxy, forwarded, ours.length + 1)).toBe(client)
        },
      ),
    )
  })
})

it.each([
  [0, '10.0.0.1'],
  [1, '192.0.2.7'],
])('a request that claims an address comes, behind %i proxies, from %s', async (proxies, from) => {
  const app = new Hono<NodeEnv>()
  const addressOf = createClientAddress(proxies)
  app.get('/', (c) => c.text(addressOf(c)))
  const headers = { 'x-forwarded-for': '9.9.9.9, 192.0.2.7' }
  const env = { incoming: { socket: { remoteAddress: '10.0.0.1' } } }
  expect(await (await app.request('/', { headers }, env)).text()).toBe(from)
})
