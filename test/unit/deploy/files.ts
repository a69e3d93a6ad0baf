/** The files of a deployment, as tests read them. */

import { readFileSync } from 'node:fs'
import { parse, parseAllDocuments } from 'yaml'

export const textOf = (path: string): string => readFileSync(path, 'utf8')

/** A YAML file of one document; merge keys (`<<`) are followed. */
export const yamlAt = (path: string): unknown => parse(textOf(path), { merge: true })

/** Every document of a YAML file. */
export const documentsOf = (path: string): readonly Manifest[] =>
  parseAllDocuments(textOf(path)).map((document) => document.toJS() as Manifest)

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
}

/** `NAME=value` lines. */
export const environmentFile = (path: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    textOf(path)
      .split('\n')
      .filter((line) => /^\w+=/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )

/** Of what a person fills in: something that holds. */
export const filledIn: Readonly<Record<string, string>> = {
  ATOLL_CLUSTER_KEY: 'b7'.repeat(31) + '01',
  ATOLL_ADMIN_EMAIL: 'admin@shop.example',
  ATOLL_ADMIN_PASSWORD: 'correct horse battery',
  ATOLL_GATEWAY_SECRET: 'c3'.repeat(24),
  ATOLL_POSTGRES_URL: 'postgres://atoll:secret@postgres.example/atoll',
  ATOLL_REDIS_URL: 'redis://redis.example:6379',
  ATOLL_STRIPE_SECRET_KEY: `sk_test_${'5'.repeat(24)}`,
  ATOLL_STRIPE_WEBHOOK_SECRET: `whsec_${'6'.repeat(32)}`,
  POSTGRES_PASSWORD: 'd4'.repeat(24),
  GRAFANA_PASSWORD: 'e5'.repeat(24),
}
