/** Measuring fairly on a machine that others use too: contestants take turns, and medians are told. */

export type Figures<K extends string> = Readonly<Record<K, number>>

/**
 * Measures each contestant `runs` times, in turns, so that a slow minute of the machine falls on all
 * of them; who goes first changes from round to round. Answers each one's median, figure by figure.
 */
export const interleaved = async <N extends string, K extends string>(
  runs: number,
  contestants: Readonly<Record<N, (round: number) => Promise<Figures<K>>>>,
): Promise<Record<N, Figures<K>>> => {
  const names = Object.keys(contestants) as N[]
  const measured = new Map<N, Figures<K>[]>(names.map((name) => [name, []]))
  for (let round = 0; round < runs; round++) {
    for (const name of rotated(names, round)) {
      measured.get(name)?.push(await contestants[name](round))
    }
  }
  const medians = names.map((name) => [name, mediansOf(measured.get(name) ?? [])] as const)
  return Object.fromEntries(medians) as Record<N, Figures<K>>
}

const rotated = <T>(items: readonly T[], by: number): readonly T[] => {
  const at = by % Math.max(1, items.length)
  return [...items.slice(at), ...items.slice(0, at)]
}

const mediansOf = <K extends string>(all: readonly Figures<K>[]): Figures<K> => {
  const [first] = all
  const keys = Object.keys(first ?? {}) as K[]
  return Object.fromEntries(
    keys.map((key) => [key, median(all.map((figures) => figures[key]))]),
  ) as Figures<K>
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** The value that `share` of all values do not exceed; NaN of none. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = Math.max(0, Math.ceil(share * sorted.length) - 1)
  return sorted[at] ?? Number.NaN
}

/** How long `work` takes, in milliseconds, with what it answers. */
export const timed = async <T>(
  work: () => T | Promise<T>,
): Promise<{ readonly ms: number; readonly result: T }> => {
  const start = performance.now()
  const result = await work()
  return { ms: performance.now() - start, result }
}

export const pause = (ms: number): Promise<undefined> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms)
  })
