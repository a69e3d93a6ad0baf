/** What a benchmark is: figures of ours beside those of a reference, measured in the same run. */

import type { Stage } from './stage.ts'

export interface Benchmark {
  readonly name: string
  /** What is done, in one line, for whoever watches it run. */
  readonly about: string
  run(bench: Bench): Promise<readonly Row[]>
}

/** What a benchmark is given. */
export interface Bench {
  /** How often each contestant is measured; the median is what is told. */
  readonly runs: number
  /** Sizes for a build server: they show that a benchmark works, and little about speed. */
  readonly isQuick: boolean
  /** A catalog of real products, if there is one. */
  readonly gadgetsFile: string | undefined
  readonly stage: Stage
  /** Tells whoever watches; not part of the result. */
  say(line: string): void
  /** Tells what the reader of the table must know beside its figures. */
  note(line: string): void
}

/** One figure of ours, with what it is to be compared to. */
export interface Row {
  readonly what: string
  readonly unit: Unit
  readonly ours: number
  readonly reference?: { readonly name: string; readonly value: number }
  readonly target?: Target
}

export type Unit = '/s' | 'µs' | 'ms' | 's' | 'bytes' | 'MB' | ''

/** A bound on our figure, or on our figure divided by the reference's. */
export interface Target {
  readonly of: 'ours' | 'ratio'
  readonly is: 'at least' | 'at most'
  readonly bound: number
}

export const ratioOf = ({ ours, reference }: Row): number | undefined =>
  reference && reference.value > 0 ? ours / reference.value : undefined

/** Whether the target is met; undefined if there is none. */
export const isMet = (row: Row): boolean | undefined => {
  const { target } = row
  if (!target) return undefined
  const figure = target.of === 'ours' ? row.ours : ratioOf(row)
  if (figure === undefined) return false
  return target.is === 'at least' ? figure >= target.bound : figure <= target.bound
}
