import type { PlantedBug } from './plant.ts'

export const deltaClaimsWhatCameBefore: PlantedBug = {
  name: 'delta-claims-what-came-before',
  because:
    'A context that is a bare vector is smaller, and a delta of dot 5 then says that it has seen 1 to 4.',
  patches: [
    {
      file: 'crdt/causal-context.ts',
      find: '  for (const { replica, counter } of dots) insert(context, replica, counter)',
      replace: `  for (const { replica, counter } of dots) {
    context.vector.set(replica, Math.max(counter, counterOf(context.vector, replica)))
  }`,
    },
  ],
}
