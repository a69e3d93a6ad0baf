/** The node's documents as reconciliation sees them: surveyed, read and joined without holding anybody up. */

import { vectorOf } from '../../sync/change.ts'
import type {
  AdoptReport,
  DocumentExchange,
  DocumentState,
  JoinProblem,
  JoinReport,
  Survey,
} from '../../sync/document-exchange.ts'
import {
  createIndexBuilder,
  keyOf,
  rankOf,
  type DocumentIndex,
  type DocumentKey,
} from '../../sync/document-index.ts'
import { Fault } from '../fault.ts'
import { adoptable } from './adopt.ts'
import type { Core } from './core.ts'
import * as digest from './digest.ts'
import { foldInSlices } from './folding.ts'
import { createBreath, inSlices, type SlicesDeps } from './in-slices.ts'
import { joinDocumentsMax, joinDocumentsMin, sliceMsMax, surveyMsMax } from './limits.ts'
import type { Store } from './store.ts'

export interface DocumentExchangeDeps extends SlicesDeps {
  readonly core: Pick<Core, 'state' | 'floor' | 'join' | 'fold' | 'adopt'>
  readonly store: Pick<
    Store,
    'scanDocuments' | 'scanUnread' | 'readDocumentAt' | 'readUnread' | 'readQuarantine'
  >
  /** Called when the core broke, and the process must start anew. */
  readonly broken: (error: unknown) => void
}

export const createDocumentExchange = (deps: DocumentExchangeDeps): DocumentExchange => {
  const { core, store } = deps
  /** Where the documents of the last survey are. They stay there, and later surveys tell of more. */
  let directory: Directory = emptyDirectory

  const survey = async (): Promise<Survey> => {
    // What is folded or joined from here on only adds to what the survey finds.
    const floor = core.floor()
    const { clock } = core.state()
    const breathe = createBreath(deps, surveyMsMax)
    const index = createIndexBuilder()
    const entries = createEntries()
    for (const { kind, id, hash, number } of store.scanDocuments()) {
      index.add(kind, id, hash)
      entries.add(keyOf(kind, id), number)
      if (entries.count() % documentsABreath === 0) await breathe()
    }
    const unread = new Map<DocumentKey, Pick<DocumentState, 'kind' | 'id'>[]>()
    for (const { kind, id, bytes } of store.scanUnread()) {
      const key = keyOf(kind, id)
      index.add(kind, id, digest.documentHash(kind, id, bytes))
      const known = unread.get(key) ?? []
      if (!known.some((other) => other.kind === kind && other.id === id)) known.push({ kind, id })
      unread.set(key, known)
      await breathe()
    }
    const sorted = await index.finish(breathe)
    directory = { index: sorted, numbers: await entries.placed(sorted, breathe), unread }
    return { floor, clock, index: sorted }
  }

  const documentsAt = (key: DocumentKey): readonly DocumentState[] => {
    const { index, numbers, unread } = directory
    const found: DocumentState[] = []
    for (let rank = rankOf(index, key); index.keys[rank] === key; rank++) {
      const number = numbers[rank] ?? 0
      const document = number > 0 ? store.readDocumentAt(number) : undefined
      if (document) found.push(document)
    }
    for (const name of unread.get(key) ?? []) {
      const { kind, id } = name
      for (const bytes of store.readUnread(kind, id)) found.push({ kind, id, bytes })
    }
    return found
  }

  /** Runs work of the core, answers `noRoom` if the disk is full, and reports if the core broke. */
  const guarded = async <T>(work: () => Promise<T>, noRoom: T): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Fault && error.code === 'storage_full') return noRoom
      if (error instanceof Fault && error.code === 'storage_failed') deps.broken(error)
      throw error
    }
  }

  return {
    survey,

    read: (keys, bytesMax) => {
      const documents: DocumentState[] = []
      let keysRead = 0
      let size = 0
      for (const key of keys) {
        const found = documentsAt(key)
        for (const { bytes } of found) size += bytes.length
        if (keysRead > 0 && size > bytesMax) break
        documents.push(...found)
        keysRead++
      }
      return { documents, keysRead }
    },

    join: (documents) =>
      guarded<JoinReport>(async () => {
        let rest = documents
        let joined = 0
        const problems: JoinProblem[] = []
        const bounds = { least: joinDocumentsMin, most: joinDocumentsMax, msMax: sliceMsMax }
        await inSlices(deps, bounds, (sizeMax) => {
          const slice = rest.slice(0, sizeMax)
          rest = rest.slice(sizeMax)
          const report = core.join(slice)
          joined += report.joined
          problems.push(...report.problems)
          return { size: slice.length, isMore: rest.length > 0 }
        })
        return { joined, problems }
      }, joinedNothing),

    adopt: (floor, clock): Promise<AdoptReport> =>
      guarded<AdoptReport>(
        async () => {
          // What our log has below the floor may be long, and goes in slices. The rest is one short step.
          const upTo = vectorOf(adoptable({ quarantined: store.readQuarantine() }, floor))
          await foldInSlices(deps, { upTo })
          return core.adopt(floor, clock)
        },
        { kind: 'no_room' },
      ),
  }
}

const joinedNothing: JoinReport = {
  joined: 0,
  problems: [{ kind: 'no_room', detail: 'The disk is full' }],
}

/** Looking at the clock costs more than most documents do. */
const documentsABreath = 64

/** Which documents are under which keys. */
interface Directory {
  readonly index: DocumentIndex
  /** The document's number by its rank in the index; 0 for what is no document here. */
  readonly numbers: Float64Array
  readonly unread: ReadonlyMap<DocumentKey, readonly Pick<DocumentState, 'kind' | 'id'>[]>
}

const emptyDirectory: Directory = {
  index: {
    count: 0,
    keys: new Float64Array(),
    hashes: new Uint32Array(),
    sums: new Uint32Array(),
  },
  numbers: new Float64Array(),
  unread: new Map(),
}

/** The documents' numbers, first as they come, then by rank: twelve bytes a document and no objects. */
const createEntries = () => {
  const keys: number[] = []
  const numbers: number[] = []
  return {
    count: () => keys.length,
    add: (key: DocumentKey, number: number): void => {
      keys.push(key)
      numbers.push(number)
    },
    placed: async (index: DocumentIndex, breathe: () => Promise<void>): Promise<Float64Array> => {
      const placed = new Float64Array(index.count)
      for (const [at, key] of keys.entries()) {
        let rank = rankOf(index, key)
        while (placed[rank] !== 0) rank++
        placed[rank] = numbers[at] ?? 0
        if (at % documentsABreath === 0) await breathe()
      }
      return placed
    },
  }
}
