/**
 * Makes what is derived from base and log anew: documents, histories, requests, rows, digest.
 *
 * All of it happens in one transaction, so that a rebuild that is cut short leaves everything as it was.
 */

import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import * as change from '../../sync/change.ts'
import type { DocumentState } from '../../sync/document-exchange.ts'
import type { DocumentKind } from './capability.ts'
import { createDocumentCache } from './document-cache.ts'
import { rebuildBatchBytes } from './limits.ts'
import type { CoreState, Store } from './store.ts'
import { createTransaction, writeRows, type UnderstoodDelta } from './transaction.ts'
import { kindsByName, tryDecode, understand, type KindsByName } from './understand.ts'

/** Called now and then with the number of changes read so far. */
export type Progress = (changes: number) => void

/** What a start had to make anew. */
export type Refreshed = 'nothing' | 'rows' | 'everything'

/**
 * Makes anew what another release derived in another way: everything, if that release knew other
 * kinds of document or other versions of them; the rows, if the tables of the read models are new.
 */
export const refresh = (
  store: Store,
  kinds: readonly DocumentKind[],
  progress: Progress = () => {},
): Refreshed => {
  const before = store.readDerivation()
  const isSame = before.kinds === describe(kinds)
  if (isSame && before.areRowsFilled) return 'nothing'
  if (isSame) fillReadModels(store, kinds)
  else rebuild(store, kinds, progress)
  return isSame ? 'rows' : 'everything'
}

/** Throws the derived state of `store` away and derives it once more; answers how many changes its log has. */
export const rebuild = (
  store: Store,
  kinds: readonly DocumentKind[],
  progress: Progress = () => {},
): number =>
  store.transact(() => {
    const byName = kindsByName(kinds)
    store.clearRows(kinds.flatMap(({ tables }) => tables))
    copyBase(store, byName)
    writeAllRows(store, byName)
    joinUnread(store, byName)
    const { changes } = replay({ from: store, to: store, kinds, progress })
    store.noteKinds(describe(kinds))
    store.noteRowsFilled()
    return changes
  })

/** The kinds and their versions: what decides how much of a log is understood. */
export const describe = (kinds: readonly DocumentKind[]): string =>
  kinds
    .map(({ schema }) => `${schema.kind} ${schema.version}`)
    .sort()
    .join(', ')

export interface Replayed {
  readonly changes: number
  /** The clock and the digest that the log leads to. */
  readonly state: Omit<CoreState, 'heads'>
}

/**
 * Replays the log of one store into the derived state of another, which may be the same, and whose
 * documents are those of the base; inside a transaction of the latter.
 */
export const replay = ({
  from,
  to,
  kinds,
  progress,
}: {
  readonly from: Pick<Store, 'readChanges'>
  readonly to: Store
  readonly kinds: readonly DocumentKind[]
  readonly progress: Progress
}): Replayed => {
  const byName = kindsByName(kinds)
  const cache = createDocumentCache(to)
  let state: CoreState = {
    heads: new Map(),
    clock: to.readHorizon(),
    digest: to.readState().digest,
  }
  let changes = 0
  let position = 0
  for (;;) {
    const { entries, next } = from.readChanges(position, rebuildBatchBytes)
    if (entries.length === 0) break
    const transaction = createTransaction(to, cache, state)
    let { clock } = state
    for (const entry of entries) {
      const made = change.decode(entry.bytes)
      clock = hlc.later(clock, made.time)
      transaction.replay(made, entry.position, understand(byName, made))
    }
    state = { ...transaction.finish(clock).state, clock }
    cache.trim()
    changes += entries.length
    position = next
    progress(changes)
  }
  to.writeState(state, [])
  return { changes, state }
}

/** Makes the documents those of the base, without what this release cannot read any more: it is kept aside. */
const copyBase = (store: Store, kinds: KindsByName): void => {
  store.clearDocuments()
  let setAside = 0
  for (const state of store.scanFolded()) {
    if (read(kinds, state)) continue
    store.addUnread(state)
    store.dropFolded(state.kind, state.id)
    setAside++
  }
  if (setAside > 0) store.clearDocuments()
}

/** Makes what was kept aside a part of its documents, where its kind is known by now. */
const joinUnread = (store: Store, kinds: KindsByName): void => {
  const before = store.readState()
  const transaction = createTransaction(store, createDocumentCache(store), before)
  for (const kept of store.scanUnread()) {
    const state = read(kinds, kept)
    if (!state) continue
    transaction.join([state])
    store.dropUnread(kept)
  }
  transaction.finish(before.clock)
}

const read = (kinds: KindsByName, state: DocumentState): UnderstoodDelta | undefined => {
  const kind = kinds.get(state.kind)
  return kind && tryDecode(kind, state)
}

/** Fills the rows of all documents, for read models whose tables were made anew. */
export const fillReadModels = (store: Store, kinds: readonly DocumentKind[]): void => {
  store.transact(() => {
    store.clearRows(kinds.flatMap(({ tables }) => tables))
    writeAllRows(store, kindsByName(kinds))
    store.noteRowsFilled()
  })
}

/** Writes the rows of all documents into tables that are empty. */
export const writeAllRows = (store: Store, kinds: KindsByName): void => {
  const cache = createDocumentCache(store)
  for (const { kind: name, id } of store.scanDocuments()) {
    const kind = kinds.get(name)
    if (kind) writeRows(store, cache.get(kind, id), true)
    cache.trim()
  }
}
