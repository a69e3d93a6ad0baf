/**
 * The log as a feed of events: it is the outbox, since a change is in it before anybody is told, and
 * all that there is to tell follows from its changes.
 *
 * Positions have no gaps but those of changes that were folded away, so a reader knows how many it
 * missed.
 */

import type { Store } from '../core/store.ts'
import * as change from '../../sync/change.ts'
import { deriveEvents } from './derive.ts'
import type { Lookup } from './derive/said.ts'
import type { Scope } from './duty.ts'
import type { DomainEvent } from './event.ts'
import { readBytesMax } from './limits.ts'

export interface Feed {
  /**
   * The events of the changes from `position` on, as far as one turn goes. A position before `readUpTo`
   * that is gone was read before, and is not missed.
   */
  read(position: number, scope: Scope, readUpTo?: number): Slice
  /** The position of the first change that is in the log, or of the next that will be. */
  first(): number
  /** The position after the last change. */
  end(): number
}

export interface Slice {
  readonly events: readonly DomainEvent[]
  /** Where to read on; the same as was asked from if there is nothing more. */
  readonly next: number
  /** Changes that left the log before they were read. */
  readonly missed: number
  /** Deltas that only a later release reads. */
  readonly unread: number
}

export const createFeed = (deps: {
  readonly store: Pick<Store, 'readChanges' | 'endPosition'>
  readonly lookup: Lookup
}): Feed => {
  const { store, lookup } = deps
  return {
    first: () => store.readChanges(0, 1).entries[0]?.position ?? store.endPosition(),
    end: () => store.endPosition(),
    read: (position, scope, readUpTo = position) => {
      const { entries, next } = store.readChanges(position, readBytesMax)
      const events: DomainEvent[] = []
      let expected = position
      let missed = 0
      let unread = 0
      for (const entry of entries) {
        missed += Math.max(entry.position - Math.max(expected, readUpTo), 0)
        expected = entry.position + 1
        if (scope !== 'all' && !scope.has(entry.dot.replica)) continue
        const derived = deriveEvents(change.decode(entry.bytes), lookup)
        events.push(...derived.events)
        unread += derived.unread
      }
      if (entries.length > 0) return { events, next, missed, unread }
      // What was to come next may have been the last of the log, and have been folded.
      const end = store.endPosition()
      return {
        events,
        next: Math.max(end, position),
        missed: Math.max(end - Math.max(position, readUpTo), 0),
        unread,
      }
    },
  }
}
