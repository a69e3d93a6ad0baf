import type { PlantedBug } from './plant.ts'

export const removalNotJoined: PlantedBug = {
  name: 'removal-not-joined',
  because: 'A delta that brings nothing seems to have nothing to say.',
  patches: [
    {
      file: 'node/core/document-cache.ts',
      find: '  live.absorb(document.live, delta)',
      replace:
        '  if (!document.kind.schema.shape.isEmpty(delta.store)) live.absorb(document.live, delta)',
    },
  ],
}
