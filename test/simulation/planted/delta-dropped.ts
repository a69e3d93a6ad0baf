import type { PlantedBug } from './plant.ts'

export const deltaDropped: PlantedBug = {
  name: 'delta-dropped',
  because: 'Only the first delta of a change is joined: most changes have one.',
  patches: [
    {
      file: 'node/core/understand.ts',
      find: '    if (decoded) understood.push(decoded)',
      replace: '    if (decoded && understood.length === 0) understood.push(decoded)',
    },
  ],
}
