/** Processes that end at any moment, are stopped in order, stand still, or come back as another release. */

import type { Draft, Fault } from './fault.ts'

/** Mostly a restart; now and then away for longer than changes are kept. */
const downMsOf = ({ random, endMs }: Draft): number =>
  random.chance(0.1) ? random.between(30_000, endMs) : random.between(200, 30_000)

export const kill: Fault<'kill'> = {
  perMinute: 3,
  draw: (draft) => ({
    kind: 'kill',
    node: draft.random.below(draft.nodes),
    operation: draft.random.chance(0.8) ? draft.random.between(1, 6) : 0,
    downMs: downMsOf(draft),
  }),
  perform: (_scene, { operation, downMs }, machine) => machine.endAt(operation, 'killed', downMs),
}

export const losePower: Fault<'losePower'> = {
  perMinute: 3,
  draw: (draft) => ({ ...kill.draw(draft), kind: 'losePower' }),
  perform: (_scene, { operation, downMs }, machine) =>
    machine.endAt(operation, 'powerLost', downMs),
}

export const restart: Fault<'restart'> = {
  perMinute: 1,
  draw: (draft) => ({
    kind: 'restart',
    node: draft.random.below(draft.nodes),
    downMs: downMsOf(draft),
  }),
  perform: (_scene, { downMs }, machine) => {
    machine.process()?.close()
    machine.end('stopped')
    machine.startIn(downMs)
  },
}

export const pause: Fault<'pause'> = {
  perMinute: 1,
  draw: ({ random, nodes }) => ({
    kind: 'pause',
    node: random.below(nodes),
    ms: random.between(50, 25_000),
  }),
  perform: (_scene, { ms }, machine) => machine.pause(ms),
}

export const upgrade: Fault<'upgrade'> = {
  perMinute: 1,
  draw: (draft) => ({
    kind: 'upgrade',
    node: draft.random.below(draft.nodes),
    downMs: downMsOf(draft),
  }),
  perform: (scene, { downMs }, machine) => {
    scene.upgrade(machine)
    machine.process()?.close()
    machine.end('stopped')
    machine.startIn(downMs)
  },
}

export const twin: Fault<'twin'> = {
  perMinute: 1,
  draw: ({ random, nodes }) => ({ kind: 'twin', node: random.below(nodes) }),
  perform: ({ addTwin }, _deed, machine) => addTwin(machine),
}
