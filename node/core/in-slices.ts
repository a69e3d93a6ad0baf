/** Long work in slices: each keeps the thread for some milliseconds, and others get their turn between. */

import { createAdaptiveSize, type SizeBounds } from './adaptive-size.ts'

export interface SlicesDeps {
  readonly soon: (work: () => void) => void
  readonly monotonic: () => number
  /** Throws when nothing more may be done. */
  readonly assertOpen: () => void
}

/** What became of a slice: how much it had to do, and whether there is more. */
export interface SliceDone {
  readonly size: number
  readonly isMore: boolean
}

/** Calls `take` with how much it may take, in turns of their own, until there is no more. */
export const inSlices = (
  { soon, monotonic, assertOpen }: SlicesDeps,
  bounds: SizeBounds,
  take: (sizeMax: number) => SliceDone,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const size = createAdaptiveSize(bounds, bounds.least)
    const go = () => {
      try {
        assertOpen()
        const startMs = monotonic()
        const done = take(size.max())
        size.note({ size: done.size, ms: monotonic() - startMs })
        if (done.isMore) soon(go)
        else resolve()
      } catch (error) {
        reject(error)
      }
    }
    soon(go)
  })

/** Waits for a turn whenever the thread was kept for `msMax` since the last one. */
export const createBreath = (
  { soon, monotonic, assertOpen }: SlicesDeps,
  msMax: number,
): (() => Promise<void>) => {
  let startMs = monotonic()
  const turn = () =>
    new Promise<void>((resolve) => {
      soon(resolve)
    })
  return async () => {
    if (monotonic() - startMs < msMax) return
    await turn()
    assertOpen()
    startMs = monotonic()
  }
}
