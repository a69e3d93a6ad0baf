import type { PlantedBug } from './plant.ts'

export const rowsNotUndone: PlantedBug = {
  name: 'rows-not-undone',
  because:
    'A transaction that is undone leaves its documents in the cache, where the next one takes them for written.',
  patches: [
    {
      file: 'node/core/core.ts',
      find: `    } catch (cause) {
      cache.clear()
`,
      replace: `    } catch (cause) {
`,
    },
  ],
}
