import type { PlantedBug } from './plant.ts'

export const rightsOfAllSoldByEach: PlantedBug = {
  name: 'rights-of-all-sold-by-each',
  because: 'A sale asks how much is available, and not how much of it is ours to sell.',
  patches: [
    {
      file: 'crdt/escrow-counter.ts',
      find: `  const held = rights(counter, holder)
`,
      replace: `  const held = available(counter)
`,
    },
  ],
}
