import type { PlantedBug } from './plant.ts'

export const floorKeptFromPeers: PlantedBug = {
  name: 'floor-kept-from-peers',
  because: 'A peer below the floor is sent what is left of the log, as if that were all.',
  patches: [
    {
      file: 'node/core/change-log.ts',
      find: '  floor: () => core.floor(),',
      replace: '  floor: () => new Map(),',
    },
  ],
}
