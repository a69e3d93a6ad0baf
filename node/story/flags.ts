/** What may be said to the story on its command line. */

import { fileURLToPath } from 'node:url'
import { parseCommand } from '../cli/command.ts'
import { ok, refused, type Result } from '../result.ts'
import { regions, type ByRegion } from './regions.ts'

export const storyUsage = `npm start -- [options]

  --catalog FILE    your own products: NDJSON (one a line) or a Shopify product CSV
  --exit            end after the story: status 0 if every proof held, 1 if not
  --ports A,B,C     where eu, us and ap listen (4001,4002,4003); 0 takes any that is free
  --fast            without the pauses for reading
`

export interface StoryFlags {
  readonly catalog: string
  readonly exit: boolean
  readonly fast: boolean
  readonly ports: ByRegion<number>
}

const ownCatalog = fileURLToPath(new URL('../../demo/catalog.ndjson', import.meta.url))

export const parseFlags = (args: readonly string[]): Result<StoryFlags | 'help', string> => {
  const parsed = parseCommand(args, {
    catalog: { type: 'string' },
    exit: { type: 'boolean' },
    fast: { type: 'boolean' },
    ports: { type: 'string' },
    help: { type: 'boolean' },
  })
  if (!parsed.ok) return parsed
  const { values, positionals } = parsed.value
  if (values.help) return ok('help')
  const [stray] = positionals
  if (stray !== undefined) return refused(`"${stray}" belongs to no flag`)
  if (values.catalog === '') return refused('--catalog needs a FILE')
  const ports = portsOf(values.ports ?? '4001,4002,4003')
  if (!ports.ok) return ports
  return ok({
    catalog: values.catalog ?? ownCatalog,
    exit: values.exit ?? false,
    fast: values.fast ?? false,
    ports: ports.value,
  })
}

const portsOf = (text: string): Result<ByRegion<number>, string> => {
  const ports = text.split(',').map((one) => (/^\d{1,5}$/.test(one.trim()) ? Number(one) : NaN))
  const [eu = NaN, us = NaN, ap = NaN] = ports
  if (ports.length !== regions.length || !ports.every((port) => port <= 65_535)) {
    return refused('--ports must be three ports, such as 4001,4002,4003')
  }
  const chosen = ports.filter((port) => port !== 0)
  return new Set(chosen).size < chosen.length
    ? refused('--ports must be three different ports')
    : ok({ eu, us, ap })
}
