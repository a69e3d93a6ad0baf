import type { PlantedBug } from './plant.ts'

export const shippedBeforeTheSync: PlantedBug = {
  name: 'shipped-before-the-sync',
  because: 'Peers are told as soon as the documents have changed, which is a few lines too early.',
  patches: [
    {
      file: 'node/core/core.ts',
      find: '      return { result, ...transaction.finish(clock) }',
      replace: `      const finished = transaction.finish(clock)
      if (finished.changed.length > 0) committed?.(finished.changed)
      return { result, ...finished }`,
    },
  ],
}
