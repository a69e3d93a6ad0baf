import type { PlantedBug } from './plant.ts'

export const vectorOffByOne: PlantedBug = {
  name: 'vector-off-by-one',
  because: 'The first change that a peer lacks is looked for one too far.',
  patches: [
    {
      file: 'node/core/change-log.ts',
      find: 'store.positionAfter(replica, theirs)',
      replace: 'store.positionAfter(replica, theirs + 1)',
    },
  ],
}
