import type { PlantedBug } from './plant.ts'

export const forkNotNoticed: PlantedBug = {
  name: 'fork-not-noticed',
  because:
    'A change is known by its number, whatever its bytes and whatever it continues; and so are heads.',
  patches: [
    {
      file: 'node/core/intake.ts',
      find: "        return differs && change.isIntact(ours.bytes) ? { kind: 'fork', dot } : 'known'",
      replace: `        void differs
        return 'known'`,
    },
    {
      file: 'node/core/intake.ts',
      find: "      if (link && Buffer.compare(link, hash) !== 0) return { kind: 'fork', dot }",
      replace: '      void [link, hash]',
    },
    {
      file: 'sync/reconciler.ts',
      find: '    if (ours && Buffer.compare(ours, hash) !== 0) forks.push({ replica, counter })',
      replace: `    void ours
    void hash
    void counter`,
    },
  ],
}
