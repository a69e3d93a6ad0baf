/** How the text of each setting is read; a refusal says what the text must be, and never repeats it. */

import type { OrderDurability } from './checkout/driver.ts'
import { logLevels, type LogLevel } from './log.ts'
import { ok, refused, type Result } from './result.ts'

/** A few peers are enough, since they tell of the others. */
const peersMax = 64
/** The least that current advice allows. */
const passwordLengthMin = 8
/** As many as the hash that the key goes into. */
const clusterKeyBytesMin = 32

/** A text that is right or wrong as a whole: what it must be, if it is not. */
const when = (isRight: boolean, text: string, demand: string): Result<string, string> =>
  isRight ? ok(text) : refused(demand)

export const name = (text: string): Result<string, string> =>
  when(
    /^[a-z0-9-]{1,32}$/.test(text),
    text,
    'must be 1 to 32 small letters, digits and hyphens, such as eu-1',
  )

export const host = (text: string): Result<string, string> =>
  when(
    /^[A-Za-z0-9._-]{1,253}$/.test(text) || /^[0-9A-Fa-f:.]{2,45}$/.test(text),
    text,
    'must be an address or a host name, such as 127.0.0.1 or 0.0.0.0',
  )

export const port = (text: string): Result<number, string> =>
  /^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535
    ? ok(Number(text))
    : refused('must be a port, 1 to 65535, or 0 for any that is free')

export const path = (text: string): Result<string, string> =>
  when(!text.includes('\0'), text, 'must be a path')

export const peers = (text: string): Result<readonly string[], string> => {
  const addresses = new Set<string>()
  for (const item of list(text)) {
    const address = peer(item)
    if (!address.ok) return address
    addresses.add(address.value)
  }
  return addresses.size > peersMax
    ? refused(`names ${addresses.size} peers: a few are enough, since they tell of the others`)
    : ok([...addresses])
}

/** The address of a peer, its port written out. */
export const peer = (text: string): Result<string, string> => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (
    url === undefined ||
    !['ws:', 'wss:'].includes(url.protocol) ||
    !/:[0-9]{1,5}\/?$/.test(text) ||
    `${url.username}${url.password}${url.search}${url.hash}` !== '' ||
    url.pathname !== '/'
  )
    return refused('must be ws://host:port or wss://host:port')
  const port = url.port === '' ? (url.protocol === 'ws:' ? '80' : '443') : url.port
  return ok(`${url.protocol}//${url.hostname}:${port}`)
}

export const clusterKey = (text: string): Result<Uint8Array, string> => {
  const isHex = /^([0-9a-fA-F]{2})+$/.test(text)
  if (!isHex && !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text))
    return refused(`must be hex or base64. ${howToMakeAKey}`)
  const key = new Uint8Array(Buffer.from(text, isHex ? 'hex' : 'base64'))
  if (key.length < clusterKeyBytesMin)
    return refused(`has ${key.length} bytes and must have ${clusterKeyBytesMin}. ${howToMakeAKey}`)
  return ok(key)
}

/** A key of few different bytes was typed, not drawn. */
export const looksTyped = (key: Uint8Array): boolean => new Set(key).size < 8

export const howToMakeAKey = 'Make one with: openssl rand -hex 32'

export const email = (text: string): Result<string, string> =>
  when(text.length <= 254 && /^[^\s@]+@[^\s@]+$/.test(text), text, 'must be an e-mail address')

export const password = (text: string): Result<string, string> =>
  when(
    text.length >= passwordLengthMin && text.length <= 256,
    text,
    `must have ${passwordLengthMin} to 256 characters; 15 are better`,
  )

export const logLevel = (text: string): Result<LogLevel, string> => {
  const level = logLevels.find((level) => level === text)
  return level === undefined ? refused(`must be one of ${logLevels.join(', ')}`) : ok(level)
}

export const origins = (text: string): Result<readonly string[], string> => {
  const origins = list(text)
  const isExact = (origin: string): boolean =>
    /^https?:/.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin
  return origins.every(isExact)
    ? ok([...new Set(origins)])
    : refused(
        'must be origins exactly as a browser names them, such as https://shop.example: ' +
          'no path, no star',
      )
}

export const workers = (text: string): Result<number, string> =>
  /^[0-9]{1,3}$/.test(text) && Number(text) <= 256
    ? ok(Number(text))
    : refused('must be a number of threads, 0 to 256')

export const retentionDays = (text: string): Result<number, string> =>
  /^[1-9][0-9]{0,3}$/.test(text)
    ? ok(Number(text))
    : refused(
        'must be a number of days, 1 to 9999; a node that was away for longer is slower to return',
      )

export const trustedProxies = (text: string): Result<number, string> =>
  /^[0-9]$/.test(text)
    ? ok(Number(text))
    : refused('must be how many proxies of yours a request passes, 0 to 9')

/** A URL of one of these protocols, the usual one first. */
export const url = (text: string, protocols: readonly string[]): Result<string, string> =>
  when(
    URL.canParse(text) && protocols.includes(new URL(text).protocol),
    text,
    `must be a URL that begins with ${protocols[0]}//`,
  )

export const webhookLoopback = (text: string): Result<boolean, string> =>
  text === 'allow' || text === 'refuse' ? ok(text === 'allow') : refused('must be allow or refuse')

/** `sandbox`, `stripe`, or the address of a sandbox gateway, with `sandbox=` before it or without. */
export const payments = (text: string): Result<string, string> => {
  if (text === 'sandbox' || text === 'stripe') return ok(text)
  const address = gatewayUrl(text.replace(/^sandbox=/, ''))
  return address.ok ? address : refused('must be sandbox, sandbox=http://host:port or stripe')
}

/** An address without a path, written without the slash at its end. */
export const gatewayUrl = (text: string): Result<string, string> => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isRight =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    `${url.username}${url.password}${url.search}${url.hash}` === '' &&
    url.pathname === '/'
  return isRight ? ok(url.origin) : refused('must be http://host:port or https://host')
}

/** Guessed, it would let anybody tell the shop that an order is paid. */
const gatewaySecretMin = 16

export const gatewaySecret = (text: string): Result<string, string> =>
  when(
    text.length >= gatewaySecretMin && /^[\x21-\x7e]{1,256}$/.test(text),
    text,
    `must have ${gatewaySecretMin} to 256 visible characters. ${howToMakeAKey}`,
  )

export const stripeSecretKey = (text: string): Result<string, string> =>
  when(
    /^[rs]k_(live|test)_\w{8,250}$/.test(text),
    text,
    'must be a secret or restricted key of Stripe: sk_live_…, sk_test_…, rk_live_… or rk_test_…',
  )

export const stripeWebhookSecret = (text: string): Result<string, string> =>
  when(
    /^whsec_[\x21-\x7e]{8,250}$/.test(text),
    text,
    'must be the secret of a webhook endpoint: whsec_…',
  )

export const orderDurability = (text: string): Result<OrderDurability, string> =>
  text === 'prefer-replicated' || text === 'replicated'
    ? ok(text)
    : refused('must be prefer-replicated or replicated')

const list = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

/** Stands for a merged store inside the node, where an address of one is asked for. */
export const embeddedStore = 'embedded'

export const mergedStore = (text: string): Result<string, string> =>
  text === embeddedStore ? ok(text) : url(text, ['postgres:', 'postgresql:'])
