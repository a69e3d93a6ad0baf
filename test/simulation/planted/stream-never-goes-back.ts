import type { PlantedBug } from './plant.ts'

export const streamNeverGoesBack: PlantedBug = {
  name: 'stream-never-goes-back',
  because: 'A stream that is started anew goes on where it was, since it only ever goes forward.',
  patches: [
    {
      file: 'sync/outbox.ts',
      find: `  cursor: undefined,
  behind: false,
  isWithheld: false,
  reading: false,
})`,
      replace: `  behind: false,
  isWithheld: false,
  reading: false,
})`,
    },
    {
      file: 'sync/stream.ts',
      find: 'cursor: position, behind',
      replace: 'cursor: Math.max(position, session.outbox.cursor ?? 0), behind',
    },
  ],
}
