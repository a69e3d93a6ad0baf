import type { PlantedBug } from './plant.ts'

export const removalComesBack: PlantedBug = {
  name: 'removal-comes-back',
  because: 'What a delta has seen is looked up in its vector only.',
  patches: [
    {
      file: 'crdt/live.ts',
      find: `    for (const counter of counters) remove(replica, counter)
`,
      replace: `    void counters
    void replica
`,
    },
  ],
}
