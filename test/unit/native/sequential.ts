/** The structures as they are when everything happens one at a time, for recorded histories to be held against. */

import type { Model } from './linearizability.ts'

export type Recorded = 'queue' | 'unbounded' | 'map' | 'gates' | 'buckets'

export const queueCapacity = 4

/** Few tokens, and time that goes by at each step: some come and some do not. */
export const bucketOptions = { count: 1, burst: 3, perSecond: 100 }
export const nowMsOf = (given: number): number => (given % 100) * 4

const listOf = (capacity: number): Model => ({
  start: '',
  step: (state, { what, given }) => {
    const items = state === '' ? [] : state.split(',')
    if (what === 'pop') {
      const [first, ...rest] = items
      return { answer: first === undefined ? -1 : Number(first), state: rest.join(',') }
    }
    return items.length >= capacity
      ? { answer: 0, state }
      : { answer: 1, state: [...items, given].join(',') }
  },
})

export const models: Readonly<Record<Recorded, Model>> = {
  queue: listOf(queueCapacity),

  unbounded: listOf(Infinity),

  map: {
    start: '',
    step: (state, { what, given }) => {
      if (what === 'get') return { answer: state === '' ? -1 : Number(state), state }
      if (what === 'remove') return { answer: state === '' ? 0 : 1, state: '' }
      return { answer: state === '' ? 1 : 0, state: String(given) }
    },
  },

  gates: {
    start: '0',
    step: (state, { what }) => {
      const units = Number(state)
      if (what === 'refill') return { answer: units + 1, state: String(units + 1) }
      return units > 0 ? { answer: units - 1, state: String(units - 1) } : { answer: -1, state }
    },
  },

  // In thousandths of a token, of which a millisecond brings as many as tokens come in a second.
  buckets: {
    start: `${bucketOptions.burst * 1_000} 0`,
    step: (state, { given }) => {
      const [before = 0, lastMs = 0] = state.split(' ').map(Number)
      const nowMs = Math.max(lastMs, nowMsOf(given))
      const { burst, perSecond } = bucketOptions
      const tokens = Math.min(burst * 1_000, before + (nowMs - lastMs) * perSecond)
      return tokens < 1_000
        ? { answer: Math.ceil((1_000 - tokens) / perSecond), state }
        : { answer: 0, state: `${tokens - 1_000} ${nowMs}` }
    },
  },
}
