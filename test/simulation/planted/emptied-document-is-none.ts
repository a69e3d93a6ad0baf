import type { PlantedBug } from './plant.ts'

export const emptiedDocumentIsNone: PlantedBug = {
  name: 'emptied-document-is-none',
  because: 'A document with nothing in it looks like one that never was; but it has seen things.',
  patches: [
    {
      file: 'node/core/document-cache.ts',
      find: '  if (causalContext.isEmpty(document.state.context)) {',
      replace: '  if (document.kind.schema.shape.isEmpty(document.state.store)) {',
    },
  ],
}
