import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseConfig, type Config } from '../../../node/config.ts'
import { settings } from '../../../node/settings.ts'

const key = 'b1946ac92492d2347c6235b4d2611184a7c1fa65a3b8b4f3f1d1c0ffee0dd00d'

const parse = (env: Record<string, string> = {}, flags: readonly string[] = []) =>
  parseConfig({ env, flags })

const accepted = (env: Record<string, string> = {}, flags: readonly string[] = []): Config => {
  const result = parse(env, flags)
  if (!result.ok) throw new Error(`refused: ${result.refusal.join('; ')}`)
  return result.value
}

const faults = (
  env: Record<string, string> = {},
  flags: readonly string[] = [],
): readonly string[] => {
  const result = parse(env, flags)
  if (result.ok) throw new Error('accepted')
  return result.refusal
}

describe('a configuration', () => {
  test('has a default for everything', () => {
    expect(accepted()).toEqual({
      name: 'local',
      host: '127.0.0.1',
      port: 4000,
      dataDir: '.atoll/local',
      peers: [],
      logLevel: 'info',
      corsOrigins: [],
      workers: 0,
      retentionDays: 30,
      trustedProxies: 0,
      payments: { provider: 'sandbox' },
      orderDurability: 'prefer-replicated',
      webhookLoopback: false,
      notices: [],
    })
  })

  test('takes all settings from the environment', () => {
    expect(
      accepted({
        ATOLL_NAME: 'eu',
        ATOLL_HOST: '0.0.0.0',
        ATOLL_PORT: '4001',
        ATOLL_DATA: '/srv/atoll',
        ATOLL_PEERS: 'ws://us:4002, wss://ap.example:443/',
        ATOLL_CLUSTER_KEY: key,
        ATOLL_ADMIN_EMAIL: 'ada@example.org',
        ATOLL_ADMIN_PASSWORD: 'correct horse',
        ATOLL_LOG_LEVEL: 'warn',
        ATOLL_CORS_ORIGINS: 'https://shop.example',
        ATOLL_ADVERTISE: 'wss://eu.example:443',
        ATOLL_WORKERS: '0',
        ATOLL_RETENTION_DAYS: '7',
        ATOLL_TRUSTED_PROXIES: '2',
        ATOLL_ORDER_DURABILITY: 'replicated',
      }),
    ).toEqual({
      name: 'eu',
      host: '0.0.0.0',
      port: 4001,
      dataDir: '/srv/atoll',
      peers: ['ws://us:4002', 'wss://ap.example:443'],
      clusterKey: new Uint8Array(Buffer.from(key, 'hex')),
      admin: { email: 'ada@example.org', password: 'correct horse' },
      logLevel: 'warn',
      corsOrigins: ['https://shop.example'],
      advertise: 'wss://eu.example:443',
      workers: 0,
      retentionDays: 7,
      trustedProxies: 2,
      payments: { provider: 'sandbox' },
      orderDurability: 'replicated',
      webhookLoopback: false,
      notices: [],
    })
  })

  test('lets a flag win over the environment', () => {
    expect(accepted({ ATOLL_PORT: '4001' }, ['--port', '4002']).port).toBe(4002)
    expect(accepted({ ATOLL_PORT: 'nonsense' }, ['--port=4002']).port).toBe(4002)
  })

  test('passes over an empty variable', () => {
    expect(accepted({ ATOLL_PORT: '', ATOLL_PEERS: '' }).port).toBe(4000)
  })

  test('takes the cluster key in base64 too', () => {
    const base64 = Buffer.from(key, 'hex').toString('base64')
    expect(accepted({ ATOLL_CLUSTER_KEY: base64 }).clusterKey).toEqual(
      new Uint8Array(Buffer.from(key, 'hex')),
    )
  })

  test('puts the data beside the name', () => {
    expect(accepted({}, ['--name', 'eu']).dataDir).toBe('.atoll/eu')
  })

  // What belongs to one provider is refused beside the other.
  test.each([
    ['http://localhost:9000', ['stripe-secret-key', 'stripe-webhook-secret']],
    ['stripe', ['gateway-secret']],
  ])('takes every setting as a flag and as a variable, with payments by %s', (payments, less) => {
    const values: Record<string, string> = {
      name: 'eu',
      host: '::1',
      port: '0',
      data: 'd',
      peers: 'ws://us:1',
      advertise: 'ws://eu:1',
      'cluster-key': key,
      'admin-email': 'a@b',
      'admin-password': '12345678',
      'log-level': 'debug',
      'cors-origins': 'http://localhost:5173',
      workers: '2',
      'postgres-url': 'postgres://localhost/atoll',
      'redis-url': 'redis://localhost',
      'amqp-url': 'amqp://localhost',
      'webhook-loopback': 'allow',
      payments,
      'gateway-url': 'http://localhost:9000',
      'gateway-secret': 'a secret of sixteen or more'.replaceAll(' ', '-'),
      'stripe-secret-key': 'sk_test_0123456789',
      'stripe-webhook-secret': 'whsec_0123456789',
      'order-durability': 'replicated',
      'retention-days': '7',
      'trusted-proxies': '1',
    }
    expect(settings.map(({ name }) => name).toSorted()).toEqual(Object.keys(values).toSorted())
    const fitting = settings.filter(({ name }) => !less.includes(name))
    const flags = fitting.flatMap(({ name }) => [`--${name}`, values[name] ?? ''])
    const env = Object.fromEntries(
      fitting.map(({ name, variable }) => [variable, values[name] ?? '']),
    )
    const { notices: fromFlags, ...byFlags } = accepted({}, flags)
    const { notices: fromEnv, ...byEnv } = accepted(env)
    expect(byFlags).toEqual(byEnv)
    const secrets = [
      'cluster-key',
      'admin-password',
      'gateway-secret',
      'stripe-secret-key',
      'stripe-webhook-secret',
    ]
    expect(fromEnv).toEqual([])
    expect(fromFlags).toHaveLength(secrets.filter((name) => !less.includes(name)).length)
  })
})

describe('who takes payments', () => {
  const stripe = {
    ATOLL_PAYMENTS: 'stripe',
    ATOLL_STRIPE_SECRET_KEY: 'sk_test_0123456789',
    ATOLL_STRIPE_WEBHOOK_SECRET: 'whsec_0123456789',
  }
  const gateway = { ATOLL_GATEWAY_SECRET: '0123456789abcdef' }
  const taken = { url: 'http://127.0.0.1:4242', webhookSecret: '0123456789abcdef' }

  test.each([
    [{ ATOLL_PAYMENTS: 'sandbox' }, { provider: 'sandbox' }],
    [
      { ...gateway, ATOLL_PAYMENTS: 'sandbox=http://127.0.0.1:4242/' },
      { provider: 'sandbox', gateway: taken },
    ],
    [
      { ...gateway, ATOLL_PAYMENTS: 'http://127.0.0.1:4242' },
      { provider: 'sandbox', gateway: taken },
    ],
    [
      { ...gateway, ATOLL_GATEWAY_URL: 'http://127.0.0.1:4242' },
      { provider: 'sandbox', gateway: taken },
    ],
    [
      stripe,
      { provider: 'stripe', secretKey: 'sk_test_0123456789', webhookSecret: 'whsec_0123456789' },
    ],
  ])('is %j', (env, payments) => {
    expect(accepted(env).payments).toEqual(payments)
  })

  test.each([
    [{ ATOLL_PAYMENTS: 'paypal' }, /^ATOLL_PAYMENTS must be/],
    [{ ATOLL_PAYMENTS: 'stripe' }, /needs ATOLL_STRIPE_SECRET_KEY/],
    [{ ...stripe, ATOLL_STRIPE_SECRET_KEY: 'pk_test_0123456789' }, /must be a secret/],
    [{ ...stripe, ATOLL_STRIPE_WEBHOOK_SECRET: 'secret' }, /must be the secret of a webhook/],
    [{ ...stripe, ATOLL_PAYMENTS: 'sandbox' }, /payments go to the sandbox/],
    [{ ...stripe, ...gateway }, /belongs to a sandbox gateway/],
    [{ ATOLL_PAYMENTS: 'http://127.0.0.1:4242' }, /needs ATOLL_GATEWAY_SECRET/],
    [gateway, /needs ATOLL_GATEWAY_URL/],
    [{ ATOLL_GATEWAY_SECRET: 'short' }, /must have 16/],
    [{ ...gateway, ATOLL_GATEWAY_URL: 'ftp://127.0.0.1' }, /must be http/],
    [
      { ...gateway, ATOLL_GATEWAY_URL: 'http://a:1', ATOLL_PAYMENTS: 'http://b:1' },
      /name two gateways/,
    ],
  ])('cannot be %j', (env, line) => {
    expect(faults(env).join()).toMatch(line)
    expect(faults(env).join()).not.toMatch(/0123456789/)
  })
})

describe('a faulty configuration', () => {
  test('lists every fault, a line each', () => {
    const lines = faults({ ATOLL_NAME: 'EU West', ATOLL_PORT: '70000', ATOLL_LOG_LEVEL: 'loud' }, [
      '--frobnicate',
      '1',
      'stray',
    ])
    expect(lines).toHaveLength(6)
    for (const line of lines) expect(line).not.toContain('\n')
  })

  test.each([
    [{ ATOLL_NAME: 'Ω' }, /^ATOLL_NAME must be 1 to 32 small letters/],
    [{ ATOLL_HOST: 'a b' }, /^ATOLL_HOST must be an address/],
    [{ ATOLL_PORT: '-1' }, /^ATOLL_PORT must be a port/],
    [{ ATOLL_PORT: '4e3' }, /^ATOLL_PORT must be a port/],
    [{ ATOLL_PEERS: 'http://us:1', ATOLL_CLUSTER_KEY: key }, /^ATOLL_PEERS must be ws:/],
    [{ ATOLL_PEERS: 'ws://us', ATOLL_CLUSTER_KEY: key }, /^ATOLL_PEERS must be ws:/],
    [{ ATOLL_PEERS: 'ws://a:b@us:1', ATOLL_CLUSTER_KEY: key }, /^ATOLL_PEERS must be ws:/],
    [{ ATOLL_PEERS: 'ws://us:1/sync', ATOLL_CLUSTER_KEY: key }, /^ATOLL_PEERS must be ws:/],
    [{ ATOLL_PEERS: 'ws://us:1' }, /^ATOLL_PEERS needs ATOLL_CLUSTER_KEY/],
    [{ ATOLL_CLUSTER_KEY: key.slice(2) }, /^ATOLL_CLUSTER_KEY has 31 bytes/],
    [{ ATOLL_CLUSTER_KEY: 'not a key!' }, /^ATOLL_CLUSTER_KEY must be hex or base64/],
    [{ ATOLL_ADMIN_EMAIL: 'a@b' }, /belong together/],
    [{ ATOLL_ADMIN_EMAIL: 'ab', ATOLL_ADMIN_PASSWORD: '12345678' }, /^ATOLL_ADMIN_EMAIL must/],
    [{ ATOLL_ADMIN_EMAIL: 'a@b', ATOLL_ADMIN_PASSWORD: '1234567' }, /^ATOLL_ADMIN_PASSWORD must/],
    [{ ATOLL_CORS_ORIGINS: '*' }, /^ATOLL_CORS_ORIGINS must be origins/],
    [{ ATOLL_CORS_ORIGINS: 'https://shop.example/' }, /^ATOLL_CORS_ORIGINS must be origins/],
    [{ ATOLL_WORKERS: 'many' }, /^ATOLL_WORKERS must be a number/],
    [{ ATOLL_RETENTION_DAYS: '0' }, /^ATOLL_RETENTION_DAYS must be a number of days/],
    [{ ATOLL_RETENTION_DAYS: '1.5' }, /^ATOLL_RETENTION_DAYS must be a number of days/],
    [{ ATOLL_TRUSTED_PROXIES: 'all' }, /^ATOLL_TRUSTED_PROXIES must be how many/],
    [{ ATOLL_POSTGRES_URL: 'mysql://x' }, /^ATOLL_POSTGRES_URL must be a URL/],
    [{ ATOLL_PAYMENTS: 'sandbox=ftp://x' }, /^ATOLL_PAYMENTS must be sandbox/],
    [{ ATOLL_ORDER_DURABILITY: 'maybe' }, /^ATOLL_ORDER_DURABILITY must be/],
    [{ ATOLL_WEBHOOK_LOOPBACK: 'yes' }, /^ATOLL_WEBHOOK_LOOPBACK must be/],
    [{ ATOLL_REDIS_URL: 'http://x' }, /^ATOLL_REDIS_URL must be/],
    [{ ATOLL_AMQP_URL: 'x' }, /^ATOLL_AMQP_URL must be/],
  ])('%j is refused in one line', (env, line) => {
    expect(faults(env)).toEqual([expect.stringMatching(line)])
  })

  test.each([
    [['--prot', '1'], /^--prot is no flag/],
    [['--por', '1'], /^--por is no flag: did you mean --port\?/],
    [['--cluster', key], /^--cluster is no flag: did you mean --cluster-key\?/],
    [['--port'], /^--port needs a value: --port <port>/],
    [['--port', '1', '--port', '2'], /^--port is given twice/],
    [['-p'], /^-p is no flag/],
  ])('the flags %j are refused', (flags, line) => {
    expect(faults({}, flags)[0]).toMatch(line)
  })

  test('never repeats a secret', () => {
    const secrets = {
      ATOLL_CLUSTER_KEY: 'deadbeefcanary',
      ATOLL_ADMIN_PASSWORD: 'canary',
      ATOLL_POSTGRES_URL: 'nonsense://user:canary@host',
    }
    expect(faults(secrets).join('\n')).not.toContain('canary')
  })

  test('is refused and never thrown, whatever it is', () => {
    const variable = fc.constantFrom(...settings.map(({ variable }) => variable))
    const flag = fc.oneof(
      fc.string(),
      fc.constantFrom(...settings.map(({ name }) => `--${name}`)),
      fc.constantFrom('--', '-', '--__proto__', '--=', '--port='),
    )
    fc.assert(
      fc.property(fc.dictionary(variable, fc.string()), fc.array(flag), (env, flags) => {
        const result = parseConfig({ env, flags })
        expect(result.ok || result.refusal.length > 0).toBe(true)
      }),
    )
  })
})

describe('a notice', () => {
  test('tells of no merged store, whether on a server or inside the node', () => {
    const url = 'postgres://localhost/atoll'
    const onServer = accepted({ ATOLL_POSTGRES_URL: url })
    const inside = accepted({ ATOLL_POSTGRES_URL: 'embedded', ATOLL_DATA: 'd' })
    expect([onServer.notices, inside.notices]).toEqual([[], []])
    expect(onServer.mergedStore).toEqual({ kind: 'server', url })
    expect(inside.mergedStore).toEqual({ kind: 'embedded', directory: 'd/merged' })
  })

  test('tells of a variable that is likely mistyped', () => {
    expect(accepted({ ATOLL_PEER: 'ws://us:1' }).notices).toEqual([
      'ATOLL_PEER is no setting and is passed over: did you mean ATOLL_PEERS?',
    ])
  })

  test('warns of a secret on the command line', () => {
    expect(accepted({}, ['--cluster-key', key]).notices).toEqual([
      expect.stringMatching(/^--cluster-key can be read by everyone/),
    ])
    expect(accepted({}, ['--redis-url', 'redis://:secret@localhost']).notices).toEqual([
      expect.stringMatching(/^--redis-url can be read by everyone/),
    ])
    expect(accepted({}, ['--redis-url', 'redis://localhost']).notices).toEqual([])
  })
})
