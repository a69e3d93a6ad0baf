import type { PlantedBug } from './plant.ts'

export const replicaKeptInTheDirectory: PlantedBug = {
  name: 'replica-kept-in-the-directory',
  because:
    'An identity that changes at every start is a nuisance, so it is kept; and is restored, and copied, with the rest.',
  patches: [
    {
      file: 'node/core/core.ts',
      find: "  let replica = mintReplica('start')",
      replace: "  let replica = [...store.readState().heads.keys()][0] ?? mintReplica('start')",
    },
  ],
}
