/**
 * A node's configuration: flags win over environment, environment over defaults.
 *
 * It is read once, as a pure function, before anything is opened; every fault is found in one go and
 * is one line that says what to do. No line repeats a secret.
 */

import { parseArgs } from 'node:util'
import type { OrderDurability } from './checkout/driver.ts'
import * as values from './config-values.ts'
import type { LogLevel } from './log.ts'
import type { MergedStoreAddress } from './merged/address.ts'
import { paymentsConfig, type PaymentsConfig } from './payments/config.ts'
import { ok, refused, type Result } from './result.ts'
import { settings, type Setting, type SettingName } from './settings.ts'

export interface Config {
  /** What the node is called, by its peers and by people. */
  readonly name: string
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly dataDir: string
  /** Where the first peers are, `ws(s)://host:port`; they tell of others. */
  readonly peers: readonly string[]
  /** At least 32 bytes; present if there are peers. */
  readonly clusterKey?: Uint8Array
  /** The first admin, made if there is none. */
  readonly admin?: { readonly email: string; readonly password: string }
  readonly logLevel: LogLevel
  readonly corsOrigins: readonly string[]
  /** The address that peers are told, where it is not the one the node listens on. */
  readonly advertise?: string
  /** HTTP worker threads; with 0 the core's thread answers all requests. */
  readonly workers: number
  /** For how long every change is kept as such, before it may be folded into its documents. */
  readonly retentionDays: number
  /** Proxies of ours that a request passes, each of which notes where it got it from. */
  readonly trustedProxies: number
  readonly payments: PaymentsConfig
  /** Whether an order that only this node has is taken, with a note, or not at all. */
  readonly orderDurability: OrderDurability
  /** Where events are published to, beside the log; both, one, or none. */
  readonly redisUrl?: string
  readonly amqpUrl?: string
  /** Whether webhooks may go to this machine, for development. */
  readonly webhookLoopback: boolean
  /** Where what all nodes know is kept together; absent if it is not. */
  readonly mergedStore?: MergedStoreAddress
  /** What the operator should know although nothing is wrong, a line each. */
  readonly notices: readonly string[]
}

export interface ConfigSources {
  /** The arguments after the command's name. */
  readonly flags: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The configuration, or every fault in it. */
export const parseConfig = ({ flags, env }: ConfigSources): Result<Config, readonly string[]> => {
  const faults: string[] = []
  const given = gather(flags, env, faults)
  const text = (name: SettingName): string | undefined => given.get(name)?.text

  /** What a setting is parsed to; a fault names where the text came from, so that it can be found. */
  const read = <T>(
    name: SettingName,
    parse: (text: string) => Result<T, string>,
  ): T | undefined => {
    const source = given.get(name)
    if (source === undefined) return undefined
    const parsed = parse(source.text)
    if (parsed.ok) return parsed.value
    faults.push(`${source.from} ${parsed.refusal}`)
    return undefined
  }

  const name = read('name', values.name) ?? 'local'
  const host = read('host', values.host) ?? '127.0.0.1'
  const port = read('port', values.port) ?? 4000
  const dataDir = read('data', values.path) ?? `.atoll/${name}`
  const peers = read('peers', values.peers) ?? []
  const clusterKey = read('cluster-key', values.clusterKey)
  const email = read('admin-email', values.email)
  const password = read('admin-password', values.password)
  const logLevel = read('log-level', values.logLevel) ?? 'info'
  const corsOrigins = read('cors-origins', values.origins) ?? []
  const advertise = read('advertise', values.peer)
  const workers = read('workers', values.workers) ?? 0
  const retentionDays = read('retention-days', values.retentionDays) ?? 30
  const trustedProxies = read('trusted-proxies', values.trustedProxies) ?? 0
  const postgresUrl = read('postgres-url', values.mergedStore)
  const redisUrl = read('redis-url', (url) => values.url(url, ['redis:', 'rediss:']))
  const amqpUrl = read('amqp-url', (url) => values.url(url, ['amqp:', 'amqps:']))
  const webhookLoopback = read('webhook-loopback', values.webhookLoopback) ?? false
  const payments = paymentsConfig({
    payments: read('payments', values.payments),
    gatewayUrl: read('gateway-url', values.gatewayUrl),
    gatewaySecret: read('gateway-secret', values.gatewaySecret),
    stripeSecretKey: read('stripe-secret-key', values.stripeSecretKey),
    stripeWebhookSecret: read('stripe-webhook-secret', values.stripeWebhookSecret),
  })
  const orderDurability = read('order-durability', values.orderDurability) ?? 'prefer-replicated'

  if (text('peers') !== undefined && text('cluster-key') === undefined && peers.length > 0)
    faults.push(
      `${given.get('peers')?.from} needs ATOLL_CLUSTER_KEY too: nodes talk only to nodes that know ` +
        `the same key. ${values.howToMakeAKey}`,
    )
  if ((text('admin-email') === undefined) !== (text('admin-password') === undefined))
    faults.push('ATOLL_ADMIN_EMAIL and ATOLL_ADMIN_PASSWORD belong together: give both or neither')

  // What is missing may be what was given in a wrong form.
  if (!payments.ok && faults.length === 0) faults.push(...payments.refusal)
  if (faults.length > 0 || !payments.ok) return refused(faults)
  return ok({
    name,
    host,
    port,
    dataDir,
    // All nodes of a cluster may be given one list, each with itself on it.
    peers: peers.filter((peer) => !peer.endsWith(`://${host}:${port}`)),
    ...(clusterKey === undefined ? {} : { clusterKey }),
    ...(email === undefined || password === undefined ? {} : { admin: { email, password } }),
    logLevel,
    corsOrigins,
    ...(advertise === undefined ? {} : { advertise }),
    workers,
    retentionDays,
    trustedProxies,
    payments: payments.value,
    orderDurability,
    webhookLoopback,
    ...(redisUrl === undefined ? {} : { redisUrl }),
    ...(amqpUrl === undefined ? {} : { amqpUrl }),
    ...(postgresUrl === undefined ? {} : { mergedStore: mergedStoreAt(postgresUrl, dataDir) }),
    notices: [
      ...(clusterKey && values.looksTyped(clusterKey)
        ? [`ATOLL_CLUSTER_KEY is not random. ${values.howToMakeAKey}`]
        : []),
      ...noticesOf(given),
      ...strangers(env),
    ],
  })
}

const mergedStoreAt = (url: string, dataDir: string): MergedStoreAddress =>
  url === values.embeddedStore
    ? { kind: 'embedded', directory: `${dataDir}/merged` }
    : { kind: 'server', url }

interface Source {
  readonly text: string
  /** `--port`, or `ATOLL_PORT`. */
  readonly from: string
}

const gather = (
  flags: readonly string[],
  env: ConfigSources['env'],
  faults: string[],
): ReadonlyMap<SettingName, Source> => {
  const given = new Map<SettingName, Source>()
  for (const { name, variable } of settings) {
    const text = env[variable]
    // An empty variable is how scripts and compose files leave one out.
    if (text !== undefined && text !== '') given.set(name, { text, from: variable })
  }
  const { tokens } = parseArgs({
    args: [...flags],
    options: Object.fromEntries(settings.map(({ name }) => [name, { type: 'string' as const }])),
    strict: false,
    tokens: true,
  })
  const seen = new Set<string>()
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') {
      faults.push(`"${token.value}" belongs to no flag: flags are written --name value`)
      continue
    }
    const from = token.rawName
    const setting = settings.find(({ name }) => from === `--${name}`)
    if (setting === undefined) faults.push(`${from} is no flag${suggestion(from)}`)
    else if (seen.has(from)) faults.push(`${from} is given twice: give it once`)
    else if (token.value === undefined || token.value === '')
      faults.push(`${from} needs a value: ${from} <${setting.placeholder}>`)
    else given.set(setting.name, { text: token.value, from })
    seen.add(from)
  }
  return given
}

const suggestion = (from: string): string => {
  const word = from.replace(/^-+/, '').replace(/^atoll[-_]/i, '')
  const nearest = nearestTo(word, (setting) => setting.name)
  return nearest === undefined
    ? `: the flags are ${settings.map(({ name }) => `--${name}`).join(' ')}`
    : `: did you mean --${nearest.name}?`
}

// A variable that looks like ours and is none is likely a slip, but may belong to another tool.
const strangers = (env: ConfigSources['env']): readonly string[] =>
  Object.keys(env)
    .filter((variable) => variable.startsWith('ATOLL_') && !variable.startsWith('ATOLL_TEST_'))
    .filter((variable) => settings.every((setting) => setting.variable !== variable))
    .map((variable) => {
      const nearest = nearestTo(variable, (setting) => setting.variable)
      return `${variable} is no setting and is passed over${nearest === undefined ? '' : `: did you mean ${nearest.variable}?`}`
    })

const nearestTo = (word: string, key: (setting: Setting) => string): Setting | undefined =>
  settings.find((setting) => {
    const [a, b] = [key(setting), word]
    return editDistanceIsSmall(a, b) || (b.length >= 4 && a.startsWith(b))
  })

// At most one letter too many, missing, or wrong: what fingers do.
const editDistanceIsSmall = (a: string, b: string): boolean => {
  if (Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start += 1
  let end = 0
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1
  return Math.max(a.length, b.length) - start - end <= 1
}

const secretSettings = [
  'cluster-key',
  'admin-password',
  'gateway-secret',
  'stripe-secret-key',
  'stripe-webhook-secret',
] as const satisfies readonly SettingName[]

// A setting that is taken and does nothing is a promise not kept unless the node says so.
const noticesOf = (given: ReadonlyMap<SettingName, Source>): readonly string[] => {
  const notices: string[] = []
  const say = (name: SettingName, words: string): void => {
    const source = given.get(name)
    if (source !== undefined) notices.push(`${source.from} ${words}`)
  }
  const urls = (['postgres-url', 'redis-url', 'amqp-url'] as const).filter((name) =>
    hasPassword(given.get(name)),
  )
  for (const name of [...secretSettings, ...urls])
    if (given.get(name)?.from.startsWith('--') === true)
      say(name, 'can be read by everyone on this machine: prefer the environment variable')
  return notices
}

const hasPassword = (source: Source | undefined): boolean =>
  source !== undefined && URL.canParse(source.text) && new URL(source.text).password !== ''
