import type { PlantedBug } from './plant.ts'

export const pulledAndNotInTheBase: PlantedBug = {
  name: 'pulled-and-not-in-the-base',
  because:
    'A document that is pulled is joined into the documents, and nobody thinks of the next rebuild.',
  patches: [
    {
      file: 'node/core/transaction.ts',
      find: `        base.join(one)
`,
      replace: '',
    },
  ],
}
