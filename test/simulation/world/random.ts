/**
 * Chance from a seed. Streams are split by name, so that one subsystem's draws never shift another's:
 * a plan with one fault less still has the same latencies.
 *
 * Source: Doty-Humphrey, PractRand (sfc32); Bryc, cyrb128 for the seeding.
 */

export interface Random {
  /** From 0 up to, and not, 1. */
  fraction(): number
  /** A whole number from 0 up to, and not, `end`. */
  below(end: number): number
  /** A whole number from `min` to `max`, both possible. */
  between(min: number, max: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  bytes(count: number): Uint8Array
  /** A stream of its own, the same for the same name whatever was drawn before. */
  split(name: string): Random
}

export const createRandom = (seed: number | string): Random => {
  const key = String(seed)
  let [a, b, c, d] = scatter(key)

  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return sum >>> 0
  }
  // The first outputs still look like the seed.
  for (let turn = 0; turn < 12; turn++) next()

  const fraction = (): number => next() / 2 ** 32
  const below = (end: number): number => Math.floor(fraction() * end)

  return {
    fraction,
    below,
    between: (min, max) => min + below(max - min + 1),
    chance: (probability) => fraction() < probability,
    pick: (items) => {
      const item = items[below(items.length)]
      if (item === undefined) throw new Error('There is nothing to pick from')
      return item
    },
    bytes: (count) => {
      const made = new Uint8Array(count)
      for (let at = 0; at < count; at++) made[at] = next()
      return made
    },
    split: (name) => createRandom(`${key}/${name}`),
  }
}

const scatter = (text: string): [number, number, number, number] => {
  let [a, b, c, d] = [1779033703, 3144134277, 1013904242, 2773480762]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    a = b ^ Math.imul(a ^ code, 597399067)
    b = c ^ Math.imul(b ^ code, 2869860233)
    c = d ^ Math.imul(c ^ code, 951274213)
    d = a ^ Math.imul(d ^ code, 2716044179)
  }
  a = Math.imul(c ^ (a >>> 18), 597399067)
  b = Math.imul(d ^ (b >>> 22), 2869860233)
  c = Math.imul(a ^ (c >>> 17), 951274213)
  d = Math.imul(b ^ (d >>> 19), 2716044179)
  return [a ^ b ^ c ^ d, b ^ a, c ^ a, d ^ a]
}
