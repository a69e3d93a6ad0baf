/**
 * A document is what the changes in the log say, no more and no less: every dot that one of them
 * brought and none of them took away. What was taken away is never back.
 *
 * This is what joins must come to, said without a join: the one oracle for every type there is.
 */

import { dotKey, type DotKey } from '../../../crdt/dot.ts'
import type { ChainHeads } from '../../../sync/change.ts'
import type { Chronicle } from '../chronicle.ts'
import type { CreateChecker, SettledNode } from './checker.ts'

export const documentsFollow: CreateChecker = (report, chronicle) => ({
  settled: ({ nodes }) => {
    for (const node of nodes) checkNode(report, chronicle, node)
  },
})

const checkNode = (
  report: (sentence: string) => void,
  chronicle: Chronicle,
  { node, state, tables, kinds }: SettledNode,
): void => {
  const byName = new Map(kinds.map((kind) => [kind.schema.kind, kind]))
  for (const { kind: name, id, bytes } of tables.documents.values()) {
    const kind = byName.get(name)
    if (!kind) continue
    const { replicated, lost } = spec(chronicle, { kind: name, id }, state.heads)
    const { added, removed } = replicated
    const found = new Set<DotKey>()
    kind.schema.shape.visit(kind.schema.decode(bytes).store, ({ dot }) => found.add(dotKey(dot)))
    for (const key of found) {
      if (lost.added.has(key)) continue
      if (removed.has(key))
        report(`in ${node.name}, ${name}/${id} has ${key} back, which was removed`)
      else if (!added.has(key))
        report(`in ${node.name}, ${name}/${id} has ${key}, which nobody wrote`)
    }
    for (const key of added) {
      if (!removed.has(key) && !found.has(key) && !lost.removed.has(key))
        report(`in ${node.name}, ${name}/${id} lost ${key}`)
    }
  }
}

interface Dots {
  readonly added: Set<DotKey>
  readonly removed: Set<DotKey>
}

/**
 * The dots that changes brought to a document, and those that they took away: of the changes in the
 * log, and of such as were lost with a disk, whose documents somebody may have read before.
 */
const spec = (
  chronicle: Chronicle,
  { kind, id }: { readonly kind: string; readonly id: string },
  heads: ChainHeads,
): { readonly replicated: Dots; readonly lost: Dots } => {
  const replicated: Dots = { added: new Set(), removed: new Set() }
  const lost: Dots = { added: new Set(), removed: new Set() }
  for (const known of chronicle.of(kind, id)) {
    const isIn = known.dot.counter <= (heads.get(known.dot.replica)?.counter ?? 0)
    if (!isIn && !chronicle.isForgotten(known)) continue
    const { added, removed } = isIn ? replicated : lost
    for (const delta of known.deltas) {
      if (delta.kind !== kind || delta.id !== id) continue
      for (const key of delta.added) added.add(key)
      for (const key of delta.removed) removed.add(key)
    }
  }
  return { replicated, lost }
}
