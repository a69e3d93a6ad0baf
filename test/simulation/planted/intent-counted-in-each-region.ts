import type { PlantedBug } from './plant.ts'

export const intentCountedInEachRegion: PlantedBug = {
  name: 'intent-counted-in-each-region',
  because: 'A tag is named by its intent and by who wrote it, so that names are unique.',
  patches: [
    {
      file: 'node/cart/cart-rules.ts',
      find: "(type === 'add' ? rules.add : rules.set)(world, id, { variant, quantity })",
      replace:
        "(type === 'add' ? rules.add : rules.set)(world, `${id}-${world.replica}`, { variant, quantity })",
    },
  ],
}
