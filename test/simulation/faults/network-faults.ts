/** Links that pass nothing, one way or both, for good or now and then; and connections that die. */

import type { Draft, Fault } from './fault.ts'

const pair = ({ random, nodes }: Draft): { readonly a: number; readonly b: number } => {
  const a = random.below(nodes)
  return { a, b: (a + 1 + random.below(nodes - 1)) % nodes }
}

export const block: Fault<'block'> = {
  perMinute: 3,
  draw: (draft) => {
    const { a: from, b: to } = pair(draft)
    return { kind: 'block', from, to, ms: draft.random.between(500, 40_000) }
  },
  perform: ({ network, machines, later }, { from, to, ms }) => {
    const [a, b] = [machines[from]?.name(), machines[to]?.name()]
    if (a === undefined || b === undefined) return
    network.block(a, b)
    later(ms, () => network.unblock(a, b))
  },
}

export const cut: Fault<'cut'> = {
  perMinute: 3,
  draw: (draft) => ({ kind: 'cut', ...pair(draft), ms: draft.random.between(500, 60_000) }),
  perform: (scene, { a, b, ms }, machine) => {
    block.perform(scene, { kind: 'block', from: a, to: b, ms }, machine)
    block.perform(scene, { kind: 'block', from: b, to: a, ms }, machine)
  },
}

export const split: Fault<'split'> = {
  perMinute: 1,
  draw: ({ random, nodes }) => ({
    kind: 'split',
    group: Array.from({ length: nodes }, (_, node) => node).filter(() => random.chance(0.5)),
    ms: random.between(1_000, 60_000),
  }),
  perform: (scene, { group, ms }, machine) => {
    for (const other of scene.machines) {
      if (group.includes(other.number)) continue
      for (const one of group) {
        cut.perform(scene, { kind: 'cut', a: one, b: other.number, ms }, machine)
      }
    }
  },
}

export const flap: Fault<'flap'> = {
  perMinute: 1,
  draw: (draft) => ({
    kind: 'flap',
    ...pair(draft),
    times: draft.random.between(2, 8),
    everyMs: draft.random.between(300, 10_000),
  }),
  perform: (scene, { a, b, times, everyMs }, machine) => {
    for (let turn = 0; turn < times; turn++) {
      scene.later(turn * everyMs, () =>
        cut.perform(scene, { kind: 'cut', a, b, ms: everyMs / 2 }, machine),
      )
    }
  },
}

export const sever: Fault<'sever'> = {
  perMinute: 4,
  draw: (draft) => ({
    kind: 'sever',
    ...pair(draft),
    told: draft.random.chance(0.3) ? 'one' : 'both',
  }),
  perform: ({ network, machines }, { a, b, told }) => {
    const [one, other] = [machines[a]?.name(), machines[b]?.name()]
    if (one !== undefined && other !== undefined) network.sever(one, other, told)
  },
}
