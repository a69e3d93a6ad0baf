import type { PlantedBug } from './plant.ts'

export const gapNotNoticed: PlantedBug = {
  name: 'gap-not-noticed',
  because: 'The stream is in order, so a counter need not be looked at.',
  patches: [
    {
      file: 'node/core/intake.ts',
      find: `      if (dot.counter > counter + 1) return { kind: 'gap', dot }
`,
      replace: '',
    },
  ],
}
