/**
 * Publishes a node's own events to a bus, from the log, at least once. The offset in the event file and
 * the mark on the bus say the same, unless one of the two was lost; then the earlier counts:
 *
 *     no mark, but an offset   the bus was wiped: all that the log still has is published again
 *     mark before offset       the bus lost its last moments: on from the mark
 *     offset before mark       the node ended between the two, or its file was lost: on from the offset
 */

import type { Outlet } from './bus.ts'
import type { Scope } from './duty.ts'
import { createPump, type Pump, type PumpDeps } from './pump.ts'

export interface PublisherOptions {
  /** Names the offset, and the mark. */
  readonly name: string
  readonly outlet: Outlet
  readonly scope: Scope
  /** Called when the bus was not where it was thought to be, with where it goes on. */
  readonly wentBack: (position: number) => void
}

export const createPublisher = (deps: PumpDeps, options: PublisherOptions): Pump => {
  const { name, outlet, scope, wentBack } = options
  /** What the bus remembers; `unasked` until it was asked. */
  let mark: number | undefined | 'unasked' = 'unasked'

  const backFrom = (position: number, theirs: number | undefined): number | undefined => {
    mark = theirs
    const to = theirs === undefined ? deps.feed.first() : Math.min(theirs, position)
    if (to >= position) return undefined
    wentBack(to)
    return to
  }

  return createPump(deps, {
    consumer: name,
    scope,
    begin: 'first',
    deliver: async ({ events, from, next, advance }) => {
      if (mark === 'unasked') {
        const back = backFrom(from, await outlet.mark())
        if (back !== undefined) return back
      }
      const expected = mark === 'unasked' ? undefined : mark
      const published = await outlet.publish({ events, expected, mark: next })
      if (!published.done) return backFrom(from, published.mark) ?? from
      mark = next
      advance()
      return undefined
    },
    look: async () => {
      const theirs = await outlet.mark()
      if (mark !== 'unasked' && theirs === mark) return undefined
      const position = deps.file.offsetOf(name) ?? deps.feed.first()
      const wasThere = mark !== 'unasked' && mark !== undefined
      // A mark that was never set says nothing of what the bus has lost.
      if (theirs === undefined && !wasThere && position === deps.feed.first()) return undefined
      return backFrom(position, theirs)
    },
  })
}
