import type { PlantedBug } from './plant.ts'

export const foldedAndNotKept: PlantedBug = {
  name: 'folded-and-not-kept',
  because: 'What is folded is in the documents already; the base looks like a second copy.',
  patches: [
    {
      file: 'node/core/fold.ts',
      find: `    for (const delta of understood) base.join(delta)
`,
      replace: '',
    },
  ],
}
