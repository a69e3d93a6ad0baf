/** Where webhooks may not go: a corpus of ways to make a server talk to its own network. */

import { describe, expect, it, test } from 'vitest'
import { kindOfAddress } from '../../../../node/webhooks/address.ts'
import { createPost } from '../../../../node/webhooks/post.ts'
import { parseTarget, pinAddress } from '../../../../node/webhooks/target.ts'

const strict = { allowsLoopback: false }
const resolvingTo =
  (...addresses: readonly string[]) =>
  () =>
    Promise.resolve(addresses)

/** Whether a delivery to `text` would connect to anything, with names that resolve to `addresses`. */
const isRefused = async (text: string, addresses: readonly string[] = []): Promise<boolean> => {
  const url = parseTarget(text, strict)
  if (!url.ok) return true
  try {
    await pinAddress(url.value, strict, resolvingTo(...addresses))
    return false
  } catch {
    return true
  }
}

const literal = [
  'http://example.com/',
  'https://127.0.0.1/',
  'https://127.1/',
  'https://127.0.0.1.:8080/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0177.0.0.1/',
  'https://017700000001/',
  'https://0x7f.1/',
  'https://127.255.255.254/',
  'https://0.0.0.0/',
  'https://0/',
  'https://10.0.0.1/',
  'https://10.255.255.255/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.0.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://0xa9fea9fe/',
  'https://100.64.0.1/',
  'https://100.127.255.255/',
  'https://192.0.0.192/',
  'https://192.0.2.1/',
  'https://198.18.0.1/',
  'https://198.51.100.7/',
  'https://203.0.113.9/',
  'https://224.0.0.1/',
  'https://240.0.0.1/',
  'https://255.255.255.255/',
  'https://[::1]/',
  'https://[::]/',
  'https://[0:0:0:0:0:0:0:1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[::ffff:8.8.8.8]/',
  'https://[::127.0.0.1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[64:ff9b::808:808]/',
  'https://[64:ff9b:1::1]/',
  'https://[2002:7f00:1::]/',
  'https://[2001::7f00:1]/',
  'https://[2001:db8::1]/',
  'https://[fc00::1]/',
  'https://[fd00:ec2::254]/',
  'https://[fe80::1]/',
  'https://[fec0::1]/',
  'https://[ff02::1]/',
  'https://localhost/',
  'https://LOCALHOST./',
  'https://shop.localhost/',
  'https://metadata.google.internal/',
  'https://printer.local/',
  'https://user:password@example.com/',
  'https://example.com@127.0.0.1/',
  'https://１２７.０.０.１/',
  'https://127。0。0。1/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'gopher://example.com/',
  'javascript:alert(1)',
  'data:text/plain,hello',
  '//example.com/',
  'example.com',
  '',
  'https://',
  'https://example.com/#fragment',
  `https://example.com/${'a'.repeat(2_000)}`,
]

const named: readonly (readonly [string, readonly string[]])[] = [
  ['https://127.0.0.1.nip.io/', ['127.0.0.1']],
  ['https://inside.example.com/', ['10.1.2.3']],
  ['https://six.example.com/', ['::1']],
  ['https://mapped.example.com/', ['::ffff:10.0.0.1']],
  ['https://metadata.example.com/', ['169.254.169.254']],
  ['https://both.example.com/', ['93.184.216.34', '127.0.0.1']],
  ['https://both-six.example.com/', ['2606:2800:220:1::1', 'fd00::1']],
  ['https://scoped.example.com/', ['fe80::1%eth0']],
  ['https://nothing.example.com/', []],
  ['https://rubbish.example.com/', ['not an address']],
]

describe('a webhook never goes to', () => {
  it.each(literal)('%s', async (text) => {
    expect(await isRefused(text)).toBe(true)
  })
  it.each(named)('%s, which is at %j', async (text, addresses) => {
    expect(await isRefused(text, addresses)).toBe(true)
  })
})

describe('a webhook may go to', () => {
  it.each([
    ['https://example.com/hook?a=1', ['93.184.216.34']],
    ['https://example.com:8443/', ['2606:2800:220:1:248:1893:25c8:1946']],
    ['https://8.8.8.8/', []],
    ['https://[2606:4700:4700::1111]/', []],
    ['https://172.32.0.1/', []],
    ['https://100.128.0.1/', []],
  ] as const)('%s', async (text, addresses) => {
    expect(await isRefused(text, addresses)).toBe(false)
  })
})

test('a name is resolved once, so that a second answer changes nothing', async () => {
  const answers = [['127.0.0.1'], ['93.184.216.34']]
  let asked = 0
  const resolve = () => {
    asked++
    return Promise.resolve(answers.pop() ?? [])
  }
  const url = new URL('https://rebinding.example.com/')
  expect(await pinAddress(url, strict, resolve)).toBe('93.184.216.34')
  expect(asked).toBe(1)
  await expect(pinAddress(url, strict, resolve)).rejects.toThrow(/127\.0\.0\.1/)
})

test('loopback is allowed where that was asked for, and nothing else of the network is', async () => {
  const rule = { allowsLoopback: true }
  for (const text of ['http://127.0.0.1:9/', 'https://[::1]/', 'http://localhost:8080/']) {
    expect(parseTarget(text, rule).ok).toBe(true)
  }
  expect(parseTarget('http://10.0.0.1/', rule).ok).toBe(false)
  const url = new URL('http://plain.example.com/')
  await expect(pinAddress(url, rule, resolvingTo('93.184.216.34'))).rejects.toThrow('may not go to')
})

test('a name that does not resolve in time costs the deadline and no more', async () => {
  const post = createPost(strict, () => new Promise(() => undefined))
  const deadline = new AbortController()
  const posted = post({
    url: new URL('https://slow.example.com/'),
    headers: {},
    body: '',
    signal: deadline.signal,
  })
  deadline.abort()
  await expect(posted).rejects.toThrow('no answer in time')
})

test('what is no address is private', () => {
  for (const text of ['', 'localhost', '1.2.3', '1.2.3.4.5', '::g', 'fe80::1%1']) {
    expect(kindOfAddress(text)).toBe('private')
  }
})
