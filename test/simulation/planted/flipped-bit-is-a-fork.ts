import type { PlantedBug } from './plant.ts'

export const flippedBitIsAFork: PlantedBug = {
  name: 'flipped-bit-is-a-fork',
  because:
    'A change that differs from our copy is taken for a second history, though it is our copy that is damaged. We had this one.',
  patches: [
    {
      file: 'node/core/intake.ts',
      find: '        return differs && change.isIntact(ours.bytes) ?',
      replace: '        return differs ?',
    },
  ],
}
