import type { PlantedBug } from './plant.ts'

export const requestsLostInARebuild: PlantedBug = {
  name: 'requests-lost-in-a-rebuild',
  because: 'A rebuild replays documents and thinks of nothing else.',
  patches: [
    {
      file: 'node/core/transaction.ts',
      find: `    for (const request of requests) store.noteRequest(request, position)
`,
      replace: `    void requests
`,
    },
    {
      file: 'node/core/transaction.ts',
      find: `      heads.set(dot.replica, { counter: dot.counter, hash })
`,
      replace: `      heads.set(dot.replica, { counter: dot.counter, hash })
      for (const request of made.requests) store.noteRequest(request, position)
`,
    },
  ],
}
