import type { PlantedBug } from './plant.ts'

export const digestNotUpdated: PlantedBug = {
  name: 'digest-not-updated',
  because: 'A document that changes adds its new hash to the digest, and the old one stays in it.',
  patches: [
    {
      file: 'node/core/transaction.ts',
      find: `        if (stored) sum.subtract(stored.hash)
`,
      replace: `        void stored
`,
    },
  ],
}
