/** Figures and names as the story writes them. */

import { formatMoney } from '../catalog/money.ts'
import type { Money } from './answers.ts'

const counted = new Intl.NumberFormat('en-US')

/** `1,234`. */
export const count = (value: number): string => counted.format(value)

/** `3.1 ms`, `120 ms`, `2.4 s`. */
export const duration = (ms: number): string => {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`
}

/** `$49.99`. */
export const money = (price: Money): string => formatMoney(price)

/** The first digits of a digest: enough to tell two apart at a glance. */
export const shortDigest = (digest: string): string => digest.slice(0, 12)

/** A name of at most `length` characters, without what would read as emphasis. */
export const shortName = (name: string, length = 40): string => {
  const plain = name.replaceAll('**', '')
  return plain.length <= length ? plain : `${plain.slice(0, length - 1).trimEnd()}…`
}

/** The value that this share of all values does not exceed: 0.5 for the median. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}
