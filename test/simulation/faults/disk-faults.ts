/** Disks that fail, fill up, take their time, flip bits, are lost, restored from a backup, or copied. */

import type { Fault } from './fault.ts'

export const failSync: Fault<'failSync'> = {
  perMinute: 1,
  draw: ({ random, nodes }) => ({
    kind: 'failSync',
    node: random.below(nodes),
    keepsWrites: random.chance(0.5),
    downMs: random.between(200, 10_000),
  }),
  perform: (_scene, { keepsWrites, downMs }, machine) => machine.failNextSync(keepsWrites, downMs),
}

export const fillDisk: Fault<'fillDisk'> = {
  perMinute: 1,
  draw: ({ random, nodes }) => ({
    kind: 'fillDisk',
    node: random.below(nodes),
    ms: random.between(500, 20_000),
  }),
  perform: ({ later }, { ms }, machine) => {
    machine.disk.isFull = true
    later(ms, () => {
      machine.disk.isFull = false
    })
  },
}

export const slowDisk: Fault<'slowDisk'> = {
  perMinute: 1,
  draw: ({ random, nodes }) => ({
    kind: 'slowDisk',
    node: random.below(nodes),
    syncMs: random.between(20, 2_000),
    ms: random.between(1_000, 20_000),
  }),
  perform: ({ later }, { syncMs, ms }, machine) => {
    machine.setSyncMs(syncMs)
    later(ms, () => machine.setSyncMs(0))
  },
}

export const flipBit: Fault<'flipBit'> = {
  perMinute: 1,
  draw: ({ random, nodes }) => ({ kind: 'flipBit', node: random.below(nodes) }),
  perform: ({ happened, random }, _deed, machine) => {
    if (machine.disk.flipBit(random)) happened('a bit was flipped')
  },
}

export const loseDisk: Fault<'loseDisk'> = {
  perMinute: 0.5,
  draw: ({ random, nodes }) => ({
    kind: 'loseDisk',
    node: random.below(nodes),
    downMs: random.between(200, 20_000),
  }),
  perform: ({ swapDisk }, { downMs }, machine) => swapDisk(machine, [], downMs),
}

export const backUp: Fault<'backUp'> = {
  perMinute: 2,
  draw: ({ random, nodes }) => ({ kind: 'backUp', node: random.below(nodes) }),
  perform: ({ backups }, { node }, machine) => void backups.set(node, machine.disk.image()),
}

export const restore: Fault<'restore'> = {
  perMinute: 1,
  draw: ({ random, nodes }) => ({
    kind: 'restore',
    node: random.below(nodes),
    downMs: random.between(200, 20_000),
  }),
  perform: ({ backups, swapDisk, happened }, { node, downMs }, machine) => {
    const image = backups.get(node)
    if (!image) return happened('restore: there is no backup')
    swapDisk(machine, image, downMs)
  },
}

export const clone: Fault<'clone'> = {
  perMinute: 0.3,
  draw: ({ random, nodes }) => ({
    kind: 'clone',
    node: random.below(nodes),
    name: random.chance(0.5) ? 'same' : 'new',
  }),
  perform: ({ addMachine }, { name }, machine) => addMachine(machine, { name }),
}
