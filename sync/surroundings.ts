/** What replication takes from its surroundings instead of reaching for it, so that all of it runs on virtual time. */

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds that never run backwards, from any start. */
  monotonic(): number
}

export interface Timers {
  /** Calls `callback` once, `ms` from now at the earliest; what is returned prevents it. */
  after(ms: number, callback: () => void): () => void
}

/** `count` random bytes that nobody can guess. */
export type Random = (count: number) => Uint8Array

export interface Logger {
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>
