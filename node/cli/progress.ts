/**
 * The progress of a long command: a bar on a terminal, a line now and then anywhere else.
 *
 *     importing  ███████████▌░░░░░░░░  58 %  57,412 products  8,120/s  5 s left
 */

import type { Output } from './command.ts'

export interface ProgressDeps {
  readonly output: Output
  readonly clock: { now(): number }
}

export interface ProgressOptions {
  /** What is being done: `importing`. */
  readonly label: string
  /** What is counted: `products`. */
  readonly unit: string
  /** The end, if it is known: without it there is no bar and no time left. */
  readonly bytesTotal?: number
}

export interface ProgressState {
  readonly count: number
  /** How far into `bytesTotal`. */
  readonly bytes: number
}

export interface Progress {
  update(state: ProgressState): void
  /** Says something else without tearing the bar. */
  note(text: string): void
  /** Shows the last state and ends the line. */
  close(): void
}

/** Faster than this nobody can read a bar. */
const redrawMs = 100
/** In a log, every line is kept. */
const lineMs = 5_000

export const createProgress = (deps: ProgressDeps, options: ProgressOptions): Progress => {
  const { output, clock } = deps
  const onTerminal = output.isTTY === true
  const intervalMs = onTerminal ? redrawMs : lineMs
  let first: (ProgressState & { readonly atMs: number }) | undefined
  let last: ProgressState | undefined
  let shownMs = clock.now()
  let hasBar = false

  const show = (state: ProgressState): void => {
    shownMs = clock.now()
    const text = progressText(options, {
      state,
      since: first ?? { ...state, atMs: shownMs },
      nowMs: shownMs,
    })
    if (onTerminal)
      output.write(`\r${clearLine}${fitted(text, output.columns ?? columnsUnlessSaid)}`)
    else output.write(`${text}\n`)
    hasBar = onTerminal
  }

  return {
    update: (state) => {
      // A resumed import skips what it has done in no time; the rate counts from where it goes on.
      first ??= { ...state, atMs: clock.now() }
      last = state
      if (clock.now() - shownMs >= intervalMs) show(state)
    },
    note: (text) => {
      output.write(hasBar ? `\r${clearLine}${text}\n` : `${text}\n`)
      hasBar = false
    },
    close: () => {
      if (last && (onTerminal || clock.now() - shownMs >= intervalMs)) show(last)
      if (hasBar) output.write('\n')
      last = undefined
      hasBar = false
    },
  }
}

const clearLine = '\u001b[2K'
const columnsUnlessSaid = 80

// A line that wraps cannot be drawn over.
const fitted = (text: string, columns: number): string => text.slice(0, Math.max(1, columns - 1))

interface Moment {
  readonly state: ProgressState
  readonly since: ProgressState & { readonly atMs: number }
  readonly nowMs: number
}

/** One line that says how far it is, how fast, and how long it will still take. */
export const progressText = (
  { label, unit, bytesTotal }: ProgressOptions,
  { state, since, nowMs }: Moment,
): string => {
  const elapsedMs = nowMs - since.atMs
  const perSecond = elapsedMs > 0 ? ((state.count - since.count) * 1000) / elapsedMs : undefined
  const fraction = bytesTotal === undefined ? undefined : fractionOf(state.bytes, bytesTotal)
  return [
    label,
    ...(fraction === undefined
      ? []
      : [bar(fraction), `${Math.floor(fraction * 100)} %`.padStart(5)]),
    `${counted.format(state.count)} ${unit}`,
    ...(perSecond === undefined ? [] : [`${counted.format(Math.round(perSecond))}/s`]),
    ...timeLeft({
      elapsedMs,
      done: state.bytes - since.bytes,
      left: (bytesTotal ?? 0) - state.bytes,
    }),
  ].join('  ')
}

const counted = new Intl.NumberFormat('en-US')

const fractionOf = (bytes: number, total: number): number =>
  total <= 0 ? 1 : Math.min(1, Math.max(0, bytes / total))

const barCells = 20
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

const bar = (fraction: number): string => {
  const filled = Math.floor(fraction * barCells * 8)
  const cells = '█'.repeat(Math.floor(filled / 8)) + (eighths[filled % 8] ?? '')
  return cells.padEnd(barCells, '░')
}

interface Pace {
  readonly elapsedMs: number
  readonly done: number
  readonly left: number
}

const timeLeft = ({ elapsedMs, done, left }: Pace): readonly string[] => {
  if (left <= 0 || done <= 0 || elapsedMs <= 0) return []
  return [`${durationText((left * elapsedMs) / done)} left`]
}

/** `850 ms`, `42 s`, `3 min 20 s`, `2 h 5 min`. */
export const durationText = (ms: number): string => {
  const seconds = Math.ceil(ms / 1000)
  if (ms < 1000) return `${Math.ceil(ms)} ms`
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}
