import type { PlantedBug } from './plant.ts'

export const rowLeftBehind: PlantedBug = {
  name: 'row-left-behind',
  because: 'A table of which a document has no rows is passed over.',
  patches: [
    {
      file: 'node/core/transaction.ts',
      find: `    const own = rows[table.name] ?? noRows
`,
      replace: `    const own = rows[table.name]
    if (!own) continue
`,
    },
  ],
}
