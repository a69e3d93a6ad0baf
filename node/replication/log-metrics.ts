/** What an operator sees of the log's length: how many changes it has, how old the floor is, what was folded. */

import { Counter, Gauge, type Registry } from 'prom-client'
import type { Core } from '../core/core.ts'
import type { Store } from '../core/store.ts'

/** Registers the figures; what is returned counts folded changes. */
export const watchLog = (deps: {
  readonly core: Pick<Core, 'state' | 'floor'>
  readonly store: Pick<Store, 'readHorizon'>
  readonly clock: { now(): number }
  readonly registry: Registry
}): ((changes: number) => void) => {
  const { core, store, clock } = deps
  const registers = [deps.registry]
  const folded = new Counter({
    name: 'atoll_folded_changes_total',
    help: 'Changes that left the log for their documents since the start.',
    registers,
  })
  const length: Gauge = new Gauge({
    name: 'atoll_log_changes',
    help: 'Changes in the log, above the floor.',
    registers,
    collect: () => length.set(logLength(core)),
  })
  const age: Gauge = new Gauge({
    name: 'atoll_floor_age_seconds',
    help: 'How long ago the latest change was made that is in the log no more; 0 if none is missing.',
    registers,
    collect: () => {
      const { wallMs } = store.readHorizon()
      age.set(wallMs === 0 ? 0 : Math.max(0, clock.now() - wallMs) / 1_000)
    },
  })
  return (changes) => folded.inc(changes)
}

/** How many changes the log holds. */
export const logLength = (core: Pick<Core, 'state' | 'floor'>): number => {
  let length = 0
  const floor = core.floor()
  for (const [replica, { counter }] of core.state().heads) {
    length += counter - (floor.get(replica)?.counter ?? 0)
  }
  return length
}
