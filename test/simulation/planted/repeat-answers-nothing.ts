import type { PlantedBug } from './plant.ts'

export const repeatAnswersNothing: PlantedBug = {
  name: 'repeat-answers-nothing',
  because: 'A request that was done before is told that it was, and not what was answered.',
  patches: [
    {
      file: 'node/core/decision.ts',
      find: "answer: details['answer'] ?? null, isRepeat: true",
      replace: 'answer: null, isRepeat: true',
    },
  ],
}
