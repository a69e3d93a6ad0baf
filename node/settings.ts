/** The settings of a node: what each is called in the environment and as a flag, and what it means. */

export interface Setting {
  /** The flag without its dashes. */
  readonly name: string
  readonly variable: string
  /** What stands for the value in a usage line. */
  readonly placeholder: string
  readonly meaning: string
  /** The default, in words where it depends on something. */
  readonly otherwise: string
}

export const settings = [
  {
    name: 'name',
    variable: 'ATOLL_NAME',
    placeholder: 'eu',
    meaning: "the node's name: small letters, digits, hyphens, at most 32",
    otherwise: 'local',
  },
  {
    name: 'host',
    variable: 'ATOLL_HOST',
    placeholder: 'address',
    meaning: 'the address it listens on',
    otherwise: '127.0.0.1',
  },
  {
    name: 'port',
    variable: 'ATOLL_PORT',
    placeholder: 'port',
    meaning: 'the port it listens on; 0 for any that is free',
    otherwise: '4000',
  },
  {
    name: 'data',
    variable: 'ATOLL_DATA',
    placeholder: 'directory',
    meaning: 'the data directory',
    otherwise: '.atoll/<name>',
  },
  {
    name: 'peers',
    variable: 'ATOLL_PEERS',
    placeholder: 'ws://host:port,…',
    meaning: 'other nodes, separated by commas',
    otherwise: 'none',
  },
  {
    name: 'advertise',
    variable: 'ATOLL_ADVERTISE',
    placeholder: 'ws://host:port',
    meaning: 'the address that peers reach this node at, where it is not host and port',
    otherwise: 'host and port',
  },
  {
    name: 'cluster-key',
    variable: 'ATOLL_CLUSTER_KEY',
    placeholder: 'key',
    meaning: "the cluster's shared secret, at least 32 bytes, hex or base64",
    otherwise: 'none; a node with peers refuses to start without',
  },
  {
    name: 'admin-email',
    variable: 'ATOLL_ADMIN_EMAIL',
    placeholder: 'address',
    meaning: 'the first admin, made if there is none',
    otherwise: 'none',
  },
  {
    name: 'admin-password',
    variable: 'ATOLL_ADMIN_PASSWORD',
    placeholder: 'password',
    meaning: "the first admin's password",
    otherwise: 'none',
  },
  {
    name: 'log-level',
    variable: 'ATOLL_LOG_LEVEL',
    placeholder: 'level',
    meaning: 'trace, debug, info, warn, error, fatal or silent',
    otherwise: 'info',
  },
  {
    name: 'cors-origins',
    variable: 'ATOLL_CORS_ORIGINS',
    placeholder: 'https://shop.example,…',
    meaning: 'pages of other origins that may use the API, separated by commas',
    otherwise: 'none',
  },
  {
    name: 'workers',
    variable: 'ATOLL_WORKERS',
    placeholder: 'threads',
    meaning: 'HTTP worker threads; 0 is one thread for all',
    otherwise: '0',
  },
  {
    name: 'retention-days',
    variable: 'ATOLL_RETENTION_DAYS',
    placeholder: 'days',
    meaning: 'how long every change is kept as such, and requests are known by their ids',
    otherwise: '30',
  },
  {
    name: 'trusted-proxies',
    variable: 'ATOLL_TRUSTED_PROXIES',
    placeholder: 'number',
    meaning: 'proxies of yours before the node, whose X-Forwarded-For is believed',
    otherwise: '0',
  },
  {
    name: 'postgres-url',
    variable: 'ATOLL_POSTGRES_URL',
    placeholder: 'postgres://…',
    meaning: 'the merged store: a PostgreSQL database, or embedded for one inside the node',
    otherwise: 'none',
  },
  {
    name: 'redis-url',
    variable: 'ATOLL_REDIS_URL',
    placeholder: 'redis://…',
    meaning: 'a Redis whose streams events are published to',
    otherwise: 'none',
  },
  {
    name: 'amqp-url',
    variable: 'ATOLL_AMQP_URL',
    placeholder: 'amqp://…',
    meaning: 'a RabbitMQ whose exchanges events are published to',
    otherwise: 'none',
  },
  {
    name: 'webhook-loopback',
    variable: 'ATOLL_WEBHOOK_LOOPBACK',
    placeholder: 'allow',
    meaning: 'allow: webhooks may go to this machine, for development; refuse',
    otherwise: 'refuse',
  },
  {
    name: 'payments',
    variable: 'ATOLL_PAYMENTS',
    placeholder: 'provider',
    meaning: 'who takes payments: sandbox, the address of a sandbox gateway, or stripe',
    otherwise: 'sandbox, one of its own',
  },
  {
    name: 'gateway-url',
    variable: 'ATOLL_GATEWAY_URL',
    placeholder: 'http://…',
    meaning: 'where the gateway is',
    otherwise: "this node's own sandbox, or Stripe's address",
  },
  {
    name: 'gateway-secret',
    variable: 'ATOLL_GATEWAY_SECRET',
    placeholder: 'secret',
    meaning: 'what the sandbox gateway signs its webhooks with',
    otherwise: 'none',
  },
  {
    name: 'stripe-secret-key',
    variable: 'ATOLL_STRIPE_SECRET_KEY',
    placeholder: 'sk_…',
    meaning: "the key of Stripe's API",
    otherwise: 'none',
  },
  {
    name: 'stripe-webhook-secret',
    variable: 'ATOLL_STRIPE_WEBHOOK_SECRET',
    placeholder: 'whsec_…',
    meaning: 'what Stripe signs its webhooks with',
    otherwise: 'none',
  },
  {
    name: 'order-durability',
    variable: 'ATOLL_ORDER_DURABILITY',
    placeholder: 'policy',
    meaning:
      'prefer-replicated: an order waits a moment for a copy at another node; replicated: without one it is not taken',
    otherwise: 'prefer-replicated',
  },
] as const satisfies readonly Setting[]

export type SettingName = (typeof settings)[number]['name']
