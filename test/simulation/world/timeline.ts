/** Virtual time: one queue of events, and nothing else makes it pass. */

export interface Timeline {
  /** Milliseconds since the beginning of the run. */
  nowMs(): number
  /** Runs `event` at `atMs`, or now if that has passed; events of one moment run in the order asked for. */
  at(atMs: number, event: () => void): Cancel
  /** Runs the next event that is due by `limitMs`; false if there is none, and then it is `limitMs`. */
  runNext(limitMs: number): boolean
  /** Events run so far. */
  count(): number
}

export type Cancel = () => void

interface Entry {
  readonly atMs: number
  readonly order: number
  event: (() => void) | undefined
}

export const createTimeline = (): Timeline => {
  // A binary heap: the earliest entry is the first.
  const heap: Entry[] = []
  let nowMs = 0
  let order = 0
  let count = 0

  const isBefore = (a: Entry, b: Entry): boolean =>
    a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

  const push = (entry: Entry): void => {
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above]!
      if (!isBefore(entry, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = entry
  }

  const shift = (): void => {
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++
      if (!isBefore(heap[below]!, last)) break
      heap[at] = heap[below]!
      at = below
    }
    heap[at] = last
  }

  return {
    nowMs: () => nowMs,
    at: (atMs, event) => {
      const entry: Entry = { atMs: Math.max(atMs, nowMs), order: order++, event }
      push(entry)
      return () => {
        entry.event = undefined
      }
    },
    runNext: (limitMs) => {
      for (let first = heap[0]; first && first.atMs <= limitMs; first = heap[0]) {
        shift()
        const { event } = first
        if (!event) continue
        nowMs = first.atMs
        count++
        event()
        return true
      }
      nowMs = Math.max(nowMs, limitMs)
      return false
    },
    count: () => count,
  }
}
