/** A node starts anew because its disk failed, and never because of what it was asked or sent. */

import type { CreateChecker } from './checker.ts'

export const breaksForCause: CreateChecker = (report) => ({
  broke: ({ node, hadCause, detail }) => {
    if (!hadCause) report(`${node.name} broke though its disk is well: ${detail}`)
  },
})
