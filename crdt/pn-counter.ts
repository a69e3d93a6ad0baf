/**
 * A counter that any replica may move up and down: each counts its own ups and downs, and the value is
 * the difference of all of them. It may go below zero; what must not is an `EscrowCounter`.
 *
 * Source: Shapiro et al., 2011, 3.1.3.
 */

import { assert } from './assert.ts'
import { lattice, type Causal } from './causal.ts'
import type { ReplicaId } from './dot.ts'
import { dotFun, named, type DotFun } from './dot-store.ts'
import * as ownEntry from './own-entry.ts'
import { naturals } from './payload.ts'

export interface UpsAndDowns {
  readonly ups: number
  readonly downs: number
}

export type PnCounter = Causal<DotFun<UpsAndDowns>>

export const shape = named('pn-counter', dotFun<UpsAndDowns>(naturals('ups', 'downs')))
export const { bottom, join, encode, decode } = lattice(shape)

export const read = ({ store }: Pick<PnCounter, 'store'>): number =>
  ownEntry.sum(store, ({ ups, downs }) => ups - downs)

/** What these replicas alone have counted. */
export const readOf = (
  { store }: Pick<PnCounter, 'store'>,
  replicas: readonly ReplicaId[],
): number =>
  replicas.reduce((sum, replica) => {
    const own = ownEntry.find(store, replica)?.value
    return own ? sum + own.ups - own.downs : sum
  }, 0)

/** The delta by which `replica` moves the counter by `by`, a whole number of either sign. */
export const add = (counter: PnCounter, replica: ReplicaId, by: number): PnCounter => {
  assert(Number.isSafeInteger(by), 'a counter moves by whole numbers')
  const own = ownEntry.find(counter.store, replica)?.value ?? { ups: 0, downs: 0 }
  return ownEntry.replace(counter, replica, {
    ups: ownEntry.counted(own.ups, Math.max(by, 0)),
    downs: ownEntry.counted(own.downs, Math.max(-by, 0)),
  })
}
