import type { PlantedBug } from './plant.ts'

export const answeredBeforeTheSync: PlantedBug = {
  name: 'answered-before-the-sync',
  because:
    'The answer is known as soon as the rule has decided; why let anybody wait for the disk?',
  patches: [
    {
      file: 'node/core/core.ts',
      find: '      return { result: commands.map(run), clock: reading }',
      replace: `      const results = commands.map(run)
      for (const [at, command] of commands.entries()) command.decided?.(results[at])
      return { result: results, clock: reading }`,
    },
    {
      file: 'node/core/pipeline.ts',
      find: 'core.execute(group.map(({ command }) => command))',
      replace: `core.execute(
        group.map((one) => ({ ...one.command, decided: (result) => settle(one, result) })),
      )`,
    },
  ],
}
