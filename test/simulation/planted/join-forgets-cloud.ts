import type { PlantedBug } from './plant.ts'

export const joinForgetsCloud: PlantedBug = {
  name: 'join-forgets-cloud',
  because: 'A version vector looks like all that there is to a set of dots.',
  patches: [
    {
      file: 'crdt/causal-context.ts',
      find: `    for (const counter of counters) insert(context, replica, counter)
  }
}`,
      replace: `    void replica
    void counters
  }
}`,
    },
  ],
}
