import type { PlantedBug } from './plant.ts'

export const intentDoneAgainOnRetry: PlantedBug = {
  name: 'intent-done-again-on-retry',
  because: 'The idempotency key of the request is thought to be enough.',
  patches: [
    {
      file: 'node/cart/cart-rules.ts',
      find: '  const fresh = intents.filter((intent) => !world.isAnswered(requestOfIntent(id, intent)))',
      replace: '  const fresh = intents',
    },
  ],
}
