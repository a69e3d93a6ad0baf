import type { PlantedBug } from './plant.ts'

export const adoptedBeforeAllWasFetched: PlantedBug = {
  name: 'adopted-before-all-was-fetched',
  because: 'The first answer of a pull has everything, as long as there is little.',
  patches: [
    {
      file: 'sync/pull-questions.ts',
      find: `    return askNext(session, pull, nowMs)
  }
  return deliveries.isIdle(delivery) && delivery.isBroken`,
      replace: `    return conclude(session, pull, nowMs)
  }
  return deliveries.isIdle(delivery) && delivery.isBroken`,
    },
  ],
}
