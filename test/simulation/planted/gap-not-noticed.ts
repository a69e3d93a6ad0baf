import type { PlantedBug } from './plant.ts'

export const gapNotNoticed: PlantedBug = {
  name: 'gap-not-noticed',
  because:
    'The line keeps the order, so neither the offsets of frames nor the counters of changes need be looked at.',
  patches: [
    {
      file: 'sync/inbox.ts',
      find: `  const missing = offset > inbox.expectedOffset
  const end = offset + bytes`,
      replace: `  const missing = false
  const end = offset + bytes`,
    },
    {
      file: 'node/core/intake.ts',
      find: `      if (dot.counter > counter + 1) return { kind: 'gap', dot }
`,
      replace: '',
    },
  ],
}
