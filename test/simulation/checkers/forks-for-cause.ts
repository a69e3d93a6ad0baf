/** Nobody is said to have two histories who has one: a damaged copy of a change accuses nobody. */

import type { CreateChecker } from './checker.ts'

export const forksForCause: CreateChecker = (report) => ({
  accused: ({ node, sentence }) => {
    report(`${node.name} told of two histories where there is one: ${sentence}`)
  },
})
