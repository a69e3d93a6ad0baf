import type { PlantedBug } from './plant.ts'

export const lastFrameLostForGood: PlantedBug = {
  name: 'last-frame-lost-for-good',
  because: 'A frame that was lost is noticed by the next one; but the last one has none.',
  patches: [
    {
      file: 'sync/inbox.ts',
      find: `  const missing = offset > inbox.expectedOffset
  if (!missing && !isUnanswered)`,
      replace: `  const missing = false
  if (!missing && !isUnanswered)`,
    },
  ],
}
