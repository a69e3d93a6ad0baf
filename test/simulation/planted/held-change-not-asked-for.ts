import type { PlantedBug } from './plant.ts'

export const heldChangeNotAskedFor: PlantedBug = {
  name: 'held-change-not-asked-for',
  because: 'What is ahead of the clock is held, and nobody remembers to ask for it.',
  patches: [
    {
      file: 'sync/inbox.ts',
      find: `  if (ahead) next = wantAt(next, nowMs + retryMsOf(ahead.aheadMs))
`,
      replace: '',
    },
  ],
}
