/** What happened, as one number that two runs of one plan must agree on, and as text if somebody reads it. */

export interface Trace {
  /** Mixes numbers into the hash: at every event, so that the first difference of two runs shows. */
  mix(...parts: readonly number[]): void
  /** A line for a reader; not made unless there is one. */
  say(line: () => string): void
  hash(): string
  /** The last lines, oldest first. */
  tail(): readonly string[]
}

export interface TraceOptions {
  /** How many of the last lines to keep; 0 makes none. */
  readonly keep: number
  /** Takes every line as it is made. */
  readonly write?: (line: string) => void
}

export const createTrace = ({ keep, write }: TraceOptions, nowMs: () => number): Trace => {
  let [high, low] = [0x9e3779b9, 0x85ebca6b]
  const lines: string[] = []
  const isRead = keep > 0 || write !== undefined
  return {
    mix: (...parts) => {
      for (const part of parts) {
        // Times are fractions of milliseconds: both halves of the number count.
        const whole = Math.floor(part)
        high = Math.imul(high ^ whole, 2654435761) ^ (low >>> 13)
        low = Math.imul(low ^ ((part - whole) * 2 ** 32), 1597334677) ^ (high >>> 16)
      }
    },
    say: (line) => {
      if (!isRead) return
      const text = `${(nowMs() / 1_000).toFixed(3).padStart(9)} ${line()}`
      write?.(text)
      if (keep === 0) return
      lines.push(text)
      if (lines.length > 2 * keep) lines.splice(0, keep)
    },
    hash: () => `${hex(high)}${hex(low)}`,
    tail: () => lines.slice(-keep),
  }
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')
