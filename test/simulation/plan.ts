/**
 * A plan: everything that will be done to a cluster, as plain data. A seed draws one; a run does what
 * it says; a failing one shrinks by leaving parts of it out, and what is left is kept.
 */

import type { NetworkConditions } from './world/network.ts'

export interface Plan {
  /** What the seed of all chance within the run is; the plan itself holds what was drawn for it. */
  readonly seed: number
  /** Under which limits the product runs. */
  readonly limits: Limits
  readonly nodes: number
  /** Who dials whom. */
  readonly dials: Dials
  readonly network: NetworkConditions
  /** How long a sync takes, in milliseconds. */
  readonly syncMs: number
  /** How far each node's clock is off at the beginning. */
  readonly skewMs: readonly number[]
  /** Nodes that run the release before this one, until they are upgraded. */
  readonly oldReleases: readonly number[]
  /** How long a node keeps changes that everyone has, before it folds them; 0: it never does. */
  readonly retentionMs: number
  /** What the shop deals in: few things, so that many hands meet. */
  readonly goods: { readonly products: number; readonly carts: number; readonly stocks: number }
  readonly acts: readonly Act[]
  readonly faults: readonly FaultEvent[]
  /** When the faults end, and everything must come right again. */
  readonly healAtMs: number
}

export type Limits = 'usual' | 'small'
export type Dials = 'all' | 'ring' | 'hub' | 'chain'

/** Somebody does something at a node. */
export interface Act {
  readonly atMs: number
  readonly node: number
  readonly kind: ActKind
  /** The seed of what exactly. */
  readonly chance: number
}

export const actKinds = [
  'createProduct',
  'putProduct',
  'editProduct',
  'changePrice',
  'deleteProduct',
  'createCategory',
  'editCategory',
  'editBrand',
  'resolveConflict',
  'createCart',
  'intend',
  'mergeCart',
  'unmergeCart',
  'receiveUnits',
  'sellUnits',
  'grantUnits',
  'declareGone',
  'readmit',
  'foldLog',
] as const
export type ActKind = (typeof actKinds)[number]

/** Whether a plan makes two histories under one name: then not all can agree, and other properties count. */
export const hasTwin = ({ faults }: Pick<Plan, 'faults'>): boolean =>
  faults.some(({ kind }) => kind === 'twin')

export type FaultEvent = { readonly atMs: number } & FaultDeed
export type FaultKind = FaultDeed['kind']

export type FaultDeed =
  | { readonly kind: 'block'; readonly from: number; readonly to: number; readonly ms: number }
  | { readonly kind: 'cut'; readonly a: number; readonly b: number; readonly ms: number }
  | { readonly kind: 'split'; readonly group: readonly number[]; readonly ms: number }
  | {
      readonly kind: 'flap'
      readonly a: number
      readonly b: number
      readonly times: number
      readonly everyMs: number
    }
  | {
      readonly kind: 'sever'
      readonly a: number
      readonly b: number
      readonly told: 'both' | 'one'
    }
  /** The process ends: at the `operation`-th operation of its disk from now, or at once (0). */
  | ({ readonly kind: 'kill' } & AtOperation)
  | ({ readonly kind: 'losePower' } & AtOperation)
  /** An operator stops it in order, and starts it again. */
  | { readonly kind: 'restart'; readonly node: number; readonly downMs: number }
  /** The process stands still: stopped, swapped out, a machine that was suspended. */
  | { readonly kind: 'pause'; readonly node: number; readonly ms: number }
  | {
      readonly kind: 'failSync'
      readonly node: number
      readonly keepsWrites: boolean
      readonly downMs: number
    }
  | { readonly kind: 'fillDisk'; readonly node: number; readonly ms: number }
  | {
      readonly kind: 'slowDisk'
      readonly node: number
      readonly syncMs: number
      readonly ms: number
    }
  | { readonly kind: 'flipBit'; readonly node: number }
  /** The disk is lost with all that is on it, and the node comes back with an empty one. */
  | { readonly kind: 'loseDisk'; readonly node: number; readonly downMs: number }
  | { readonly kind: 'backUp'; readonly node: number }
  | { readonly kind: 'restore'; readonly node: number; readonly downMs: number }
  /** The data directory is copied, and the copy started, under the same name or as a new node. */
  | { readonly kind: 'clone'; readonly node: number; readonly name: 'same' | 'new' }
  /** The whole machine is copied while it runs: two processes write under one replica. */
  | { readonly kind: 'twin'; readonly node: number }
  | { readonly kind: 'jumpClock'; readonly node: number; readonly byMs: number }
  | { readonly kind: 'upgrade'; readonly node: number; readonly downMs: number }

interface AtOperation {
  readonly node: number
  readonly operation: number
  readonly downMs: number
}
