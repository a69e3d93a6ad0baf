import type { PlantedBug } from './plant.ts'

export const streamGoesOnAfterAHole: PlantedBug = {
  name: 'stream-goes-on-after-a-hole',
  because:
    'After a hole the stream is asked for anew, and what comes until then is taken. We had this one.',
  patches: [
    {
      file: 'sync/inbox.ts',
      find: `  const isPassedOver = run === inbox.fullAtRun || run === inbox.brokenAtRun
`,
      replace: `  const isPassedOver = run === inbox.fullAtRun
`,
    },
  ],
}
