import type { PlantedBug } from './plant.ts'

export const forkNotNoticed: PlantedBug = {
  name: 'fork-not-noticed',
  because:
    'A change that is known is passed over, whatever its bytes; and heads are compared by their counters.',
  patches: [
    {
      file: 'node/core/intake.ts',
      find: "        return differs && change.isIntact(ours.bytes) ? { kind: 'fork', dot } : 'known'",
      replace: `        void differs
        return 'known'`,
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
