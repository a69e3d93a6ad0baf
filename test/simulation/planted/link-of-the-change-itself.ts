import type { PlantedBug } from './plant.ts'

export const linkOfTheChangeItself: PlantedBug = {
  name: 'link-of-the-change-itself',
  because:
    'Where the peer has the first changes of a slice, the frame says the link before those instead of before its own first.',
  patches: [
    {
      file: 'sync/outbox.ts',
      find: `    chain.set(replica, hash)
    if (isKnown(outbox, dot) || quarantined.has(replica) || unsendable.has(replica)) continue`,
      replace: `    if (isKnown(outbox, dot) || quarantined.has(replica) || unsendable.has(replica)) continue
    chain.set(replica, hash)`,
    },
  ],
}
