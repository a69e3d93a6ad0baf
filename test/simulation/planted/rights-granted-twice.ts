import type { PlantedBug } from './plant.ts'

export const rightsGrantedTwice: PlantedBug = {
  name: 'rights-granted-twice',
  because: 'Who grants rights forgets to lower his own.',
  patches: [
    {
      file: 'crdt/escrow-counter.ts',
      find: `    for (const [other, units] of account.granted)
      if (own.has(other) !== isOwn) held += isOwn ? -units : units
`,
      replace: `    for (const [other, units] of account.granted)
      if (own.has(other) && !isOwn) held += units
`,
    },
  ],
}
