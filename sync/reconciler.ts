/** Performs what a session asks of the node's documents, and brings the answers. */

import { isWithin } from '../crdt/version-vector.ts'
import type { Dot } from '../crdt/dot.ts'
import { vectorOf, type ChainHeads } from './change.ts'
import type { ChangeLog } from './change-log.ts'
import type { DocumentExchange, Survey } from './document-exchange.ts'
import type { Effect, LocalEvent } from './event.ts'
import type { Surveyor } from './surveyor.ts'

export type DocumentEffect = Extract<
  Effect,
  { kind: 'survey' | 'check_floor' | 'join' | 'adopt' | 'read_documents' }
>

export interface Reconciler {
  perform(effect: DocumentEffect): void
}

export interface ReconcilerDeps {
  readonly log: ChangeLog
  readonly exchange: DocumentExchange
  readonly surveyor: Surveyor
  /** Dispatches what `ask` finds, or that the node failed. */
  readonly answer: (ask: () => LocalEvent | Promise<LocalEvent>) => void
  /** Runs `work` in a turn of its own, when the socket has room for what it will send. */
  readonly whenFree: (work: () => void) => void
  /** A floor was adopted: we have what others may lack. */
  readonly adopted: () => void
}

export const createReconciler = (deps: ReconcilerDeps): Reconciler => {
  const { log, exchange, surveyor, answer, whenFree } = deps
  // One from before our floor rose would bring the peer to where it must pull again.
  const surveyForPeer = async (): Promise<Survey> => {
    const recent = await surveyor.recent()
    const isCurrent = isWithin(vectorOf(log.floor()), vectorOf(recent.floor))
    return isCurrent ? recent : surveyor.fresh()
  }

  return {
    perform: (effect) => {
      switch (effect.kind) {
        case 'survey':
          return answer(async () => {
            const { of } = effect
            const survey = await (of.kind === 'us' ? surveyor.fresh() : surveyForPeer())
            return { kind: 'surveyed', of, survey }
          })
        case 'check_floor':
          return answer(() => ({ kind: 'floor_checked', ...checkFloor(log, effect.floor) }))
        case 'join':
          return answer(async () => {
            const report = await exchange.join(effect.documents)
            return { kind: 'joined', pull: effect.pull, report }
          })
        case 'adopt':
          return answer(async () => {
            const report = await exchange.adopt(effect.floor, effect.clock)
            if (report.kind === 'adopted') deps.adopted()
            return { kind: 'adopted', pull: effect.pull, report }
          })
        case 'read_documents':
          return whenFree(() =>
            answer(() => {
              const { pull, round, keys, bytesMax } = effect
              const slice =
                keys.length > 0 ? exchange.read(keys, bytesMax) : { documents: [], keysRead: 0 }
              return { kind: 'documents_read', pull, round, slice }
            }),
          )
      }
    },
  }
}

const checkFloor = (log: ChangeLog, floor: ChainHeads) => ({
  forks: forksAt(log, floor),
  isBelow: !isWithin(vectorOf(floor), log.vector()),
})

/** At which of these links our log has another one. Beyond our heads and below our floor it cannot tell. */
export const forksAt = (log: ChangeLog, links: ChainHeads): Dot[] => {
  const forks: Dot[] = []
  for (const [replica, { counter, hash }] of links) {
    const ours = log.hashAt({ replica, counter })
    if (ours && Buffer.compare(ours, hash) !== 0) forks.push({ replica, counter })
  }
  return forks
}
