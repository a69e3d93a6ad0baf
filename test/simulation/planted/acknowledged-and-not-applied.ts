import type { PlantedBug } from './plant.ts'

export const acknowledgedAndNotApplied: PlantedBug = {
  name: 'acknowledged-and-not-applied',
  because: 'Of a batch that is taken in slices the first is taken, and the rest forgotten.',
  patches: [
    {
      file: 'node/core/sliced-intake.ts',
      find: `        if (rest.length > 0) soon(go)
        else resolve(sum)`,
      replace: '        resolve(sum)',
    },
  ],
}
