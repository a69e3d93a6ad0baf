import type { PlantedBug } from './plant.ts'

export const effectOvertakesAHeldCause: PlantedBug = {
  name: 'effect-overtakes-a-held-cause',
  because:
    'A change is held for its time alone, and its effects are taken as soon as theirs has come. We had this one.',
  patches: [
    {
      file: 'node/core/intake.ts',
      find: 'return isHeldBack || hlc.isTooFarAhead(time, nowMs)',
      replace: `void isHeldBack
      return hlc.isTooFarAhead(time, nowMs)`,
    },
  ],
}
