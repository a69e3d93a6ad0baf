import type { PlantedBug } from './plant.ts'

export const clockFollowsPoison: PlantedBug = {
  name: 'clock-follows-poison',
  because: 'The drift that is allowed is taken for seconds where it is milliseconds.',
  patches: [
    {
      file: 'crdt/hybrid-logical-clock.ts',
      find: '  stamp.wallMs > nowMs + driftMsMax',
      replace: '  stamp.wallMs > nowMs + driftMsMax * 1_000',
    },
  ],
}
