/**
 * Draws a plan from a seed. Every seed is a swarm of its own: it draws how many nodes there are, which
 * faults may happen and how often, and what people mostly do, so that rare things meet.
 *
 * Source: Groce et al., "Swarm testing", ISSTA 2012.
 */

import { besideTwins, betweenNodes, faultKinds, faults } from './faults/all.ts'
import {
  actKinds,
  type Act,
  type FaultDeed,
  type FaultEvent,
  type FaultKind,
  type Limits,
  type Plan,
} from './plan.ts'
import { createRandom, type Random } from './world/random.ts'

export interface DrawOptions {
  /** How many nodes; drawn if it is not said. */
  readonly nodes?: number
  /** The only faults that may be on; all, if it is not said. */
  readonly faults?: readonly FaultKind[]
}

/** Every other seed runs under small limits. */
export const limitsOf = (seed: number): Limits => (seed % 2 === 0 ? 'usual' : 'small')

export const drawPlan = (seed: number, options: DrawOptions = {}): Plan => {
  const random = createRandom(`${seed}/plan`)
  const nodes = options.nodes ?? random.pick([1, 2, 2, 3, 3, 3, 4, 5, 5, 5, 6, 7])
  const endMs = random.between(20, 100) * 1_000
  const isTwin = nodes > 1 && random.split('twin').chance(0.1)
  const retentionMs = !isTwin && random.chance(0.4) ? random.between(2, 30) * 1_000 : 0
  return {
    seed,
    limits: limitsOf(seed),
    nodes,
    dials: random.pick(['all', 'all', 'ring', 'hub', 'chain']),
    network: drawNetwork(random.split('network')),
    syncMs: random.pick([0, 0.2, 2, 10]),
    skewMs: Array.from({ length: nodes }, () =>
      random.chance(0.5) ? 0 : random.between(-5_000, 5_000),
    ),
    oldReleases: Array.from({ length: nodes }, (_, node) => node).filter(
      () => random.chance(0.1) && !isTwin,
    ),
    retentionMs,
    goods: {
      products: random.between(1, 6),
      carts: random.between(1, 4),
      stocks: random.between(1, 3),
    },
    acts: drawActs(random.split('acts'), { nodes, endMs, isFolding: retentionMs > 0 }),
    faults: drawFaults(random.split('faults'), { nodes, endMs, isTwin, allowed: options.faults }),
    healAtMs: endMs + 1_000,
  }
}

const drawNetwork = (random: Random): Plan['network'] => {
  const latencyMsMin = random.pick([0.1, 1, 30])
  return {
    latencyMsMin,
    latencyMsMax: latencyMsMin + random.pick([0.5, 10, 200, 2_000]),
    loss: random.chance(0.3) ? random.fraction() * 0.05 : 0,
    duplication: random.chance(0.2) ? random.fraction() * 0.05 : 0,
    bytesPerMs: random.chance(0.2) ? random.pick([20, 200]) : 0,
  }
}

const drawActs = (
  random: Random,
  {
    nodes,
    endMs,
    isFolding,
  }: { readonly nodes: number; readonly endMs: number; readonly isFolding: boolean },
): readonly Act[] => {
  const count = random.between(20, 160)
  const weights = actKinds.map((kind) => (weightOf[kind] ?? 0.3) * random.fraction() ** 2)
  const total = weights.reduce((a, b) => a + b, 0)
  const kindAt = (fraction: number) => {
    let left = fraction * total
    return actKinds.find((_, index) => (left -= weights[index] ?? 0) < 0) ?? 'intend'
  }
  // A catalog first, or there is nothing to put into carts.
  const first = Array.from({ length: 4 }, (_, index) => ({
    atMs: 500 + index * 50,
    node: random.below(nodes),
    kind: 'putProduct' as const,
    chance: random.below(2 ** 32),
  }))
  const rest = Array.from({ length: count }, () => ({
    atMs: 1_000 + random.fraction() * (endMs - 1_000),
    node: random.below(nodes),
    kind: kindAt(random.fraction()),
    chance: random.below(2 ** 32),
  }))
  // Nodes look what they may fold; here more often than they do, since all else is faster here, too.
  const folds = Array.from({ length: isFolding ? (nodes * endMs) / foldEveryMs : 0 }, () => ({
    atMs: 1_000 + random.fraction() * (endMs - 1_000),
    node: random.below(nodes),
    kind: 'foldLog' as const,
    chance: 0,
  }))
  return [...first, ...rest, ...folds].sort((a, b) => a.atMs - b.atMs)
}

const foldEveryMs = 8_000

/** How often people do what; what does not stand here is done now and then. */
const weightOf: Partial<Readonly<Record<Act['kind'], number>>> = {
  editProduct: 1,
  changePrice: 1,
  intend: 1,
  receiveUnits: 1,
  sellUnits: 1,
  grantUnits: 1,
  resolveConflict: 1,
  declareGone: 0.03,
  readmit: 0.1,
  foldLog: 0,
}

const drawFaults = (
  random: Random,
  {
    nodes,
    endMs,
    isTwin,
    allowed,
  }: {
    readonly nodes: number
    readonly endMs: number
    readonly isTwin: boolean
    readonly allowed: readonly FaultKind[] | undefined
  },
): readonly FaultEvent[] => {
  const kinds = faultKinds.filter(
    (kind) =>
      (random.chance(0.4) || (isTwin && kind === 'twin')) &&
      (isTwin ? besideTwins.has(kind) : kind !== 'twin') &&
      (nodes > 1 || !betweenNodes.has(kind)) &&
      (allowed?.includes(kind) ?? true),
  )
  const strength = random.pick([0.5, 1, 1, 3])
  const events = kinds.flatMap((kind) => {
    const own = random.split(kind)
    const draft = { random: own, nodes, endMs }
    const rate = (faults[kind].perMinute * strength * endMs) / 60_000
    const drawn = Math.floor(rate) + (own.chance(rate % 1) ? 1 : 0)
    const count = kind === 'twin' ? 1 : drawn
    return Array.from({ length: count }, (): FaultEvent => {
      const deed: FaultDeed = faults[kind].draw(draft)
      return { atMs: 1_000 + own.fraction() * (endMs - 1_000), ...deed }
    })
  })
  return events.sort((a, b) => a.atMs - b.atMs)
}
