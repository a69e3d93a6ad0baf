/** Makes everything that is derived from the log anew: documents, histories, requests, rows, digest. */

import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import * as change from '../../sync/change.ts'
import type { DocumentKind } from './capability.ts'
import * as digest from './digest.ts'
import { createDocumentCache } from './document-cache.ts'
import { rebuildBatchBytes } from './limits.ts'
import type { Store } from './store.ts'
import { createTransaction, writeRows } from './transaction.ts'
import { understand } from './understand.ts'

/** Called now and then with the number of changes read so far. */
export type Progress = (changes: number) => void

/** Throws the derived state of `store` away and replays its log; answers how many changes it has. */
export const rebuild = (
  store: Store,
  kinds: readonly DocumentKind[],
  progress: Progress = () => {},
): number => {
  store.transact(() => {
    store.clearDerived(kinds.flatMap(({ tables }) => tables))
  })
  return replay({ from: store, to: store, kinds, progress })
}

/** Replays the log of one store into the derived state of another, which may be the same. */
export const replay = ({
  from,
  to,
  kinds,
  progress,
}: {
  readonly from: Store
  readonly to: Store
  readonly kinds: readonly DocumentKind[]
  readonly progress: Progress
}): number => {
  const byName = new Map(kinds.map((kind) => [kind.schema.kind, kind]))
  const cache = createDocumentCache(to)
  let { heads, clock } = from.readState()
  let sum = digest.empty()
  let count = 0
  let position = 0
  for (;;) {
    const { entries, next } = from.readChanges(position, rebuildBatchBytes)
    if (entries.length === 0) return count
    const finished = to.transact(() => {
      const transaction = createTransaction(to, cache, { heads, clock, digest: sum })
      for (const entry of entries) {
        const made = change.decode(entry.bytes)
        clock = hlc.receive(clock, change.timestampOf(made), made.time.wallMs)
        transaction.replay(made, entry.position, understand(byName, made))
      }
      return transaction.finish(clock)
    })
    cache.trim()
    sum = finished.state.digest
    count += entries.length
    position = next
    progress(count)
  }
}

/** Fills the rows of all documents: for read models whose tables were made anew. */
export const fillReadModels = (store: Store, kinds: readonly DocumentKind[]): void => {
  const byName = new Map(kinds.map((kind) => [kind.schema.kind, kind]))
  const cache = createDocumentCache(store)
  const all = [...store.scanDocuments()].map(({ kind, id }) => ({ kind, id }))
  store.transact(() => {
    for (const { kind: name, id } of all) {
      const kind = byName.get(name)
      if (kind) writeRows(store, cache.get(kind, id), true)
      cache.trim()
    }
  })
}
