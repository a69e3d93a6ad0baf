import type { PlantedBug } from './plant.ts'

export const unsharedChangeFolded: PlantedBug = {
  name: 'unshared-change-folded',
  because: 'Only the age of a change is looked at, and not whether anybody else has it.',
  patches: [
    {
      file: 'node/replication/retention.ts',
      find: '    const heldElsewhere = others.length > 0 ? Math.max(...acknowledgedBy(others)) : head',
      replace: '    const heldElsewhere = head',
    },
  ],
}
