/** How many to do in one go when each costs an unknown time: what the last go took decides the next. */

export interface AdaptiveSize {
  /** How many the next go may have. */
  readonly max: () => number
  /** Notes that a go of `size` took `ms`. */
  note(go: { readonly size: number; readonly ms: number }): void
}

export interface SizeBounds {
  readonly least: number
  readonly most: number
  /** How long a go should keep the thread, at most. */
  readonly msMax: number
}

/** Halves after a go that took too long, and doubles after a full one that took less than half of it. */
export const createAdaptiveSize = (
  { least, most, msMax }: SizeBounds,
  start = most,
): AdaptiveSize => {
  let max = start
  return {
    max: () => max,
    note: ({ size, ms }) => {
      if (ms > msMax) max = Math.max(least, Math.floor(Math.min(size, max) / 2))
      else if (size >= max && ms < msMax / 2) max = Math.min(most, max * 2)
    },
  }
}
