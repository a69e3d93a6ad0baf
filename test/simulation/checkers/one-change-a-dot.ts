/** A dot names one change, once, for ever: nowhere is there another under the same name. */

import type { CreateChecker } from './checker.ts'

export const oneChangeADot: CreateChecker = (report) => ({
  durable: ({ node, appended }) => {
    for (const { known, bytes } of appended) {
      if (Buffer.compare(known.bytes, bytes) !== 0) {
        report(`${node.name} has another change under ${known.key} than node ${known.maker} made`)
      }
    }
  },
})
