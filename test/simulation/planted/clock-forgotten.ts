import type { PlantedBug } from './plant.ts'

export const clockForgotten: PlantedBug = {
  name: 'clock-forgotten',
  because: 'The clock is written as it was before the transaction.',
  patches: [
    {
      file: 'node/core/transaction.ts',
      find: 'const state = { heads: new Map([...before.heads, ...heads]), clock, digest: sum.bytes() }',
      replace: `const state = {
        heads: new Map([...before.heads, ...heads]),
        clock: before.clock,
        digest: sum.bytes(),
      }
      void clock`,
    },
  ],
}
