import type { PlantedBug } from './plant.ts'

export const floorRisesUnnoticed: PlantedBug = {
  name: 'floor-rises-unnoticed',
  because:
    'A floor that was adopted is looked at with the next beat, and the stream goes on until then. We had this one.',
  patches: [
    {
      file: 'sync/stream.ts',
      find: '  if (outboxes.mayLack(session.outbox, below)) {',
      replace: '  if (below === undefined) {',
    },
  ],
}
