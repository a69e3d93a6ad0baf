/** What happens to a file that nobody wrote: single bits, whole sectors, pages of another place or time. */

import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import type { Random } from '../crash-points/random.ts'

export interface Damage {
  readonly kind: DamageKind
  /** The first byte that was touched. */
  readonly at: number
}

const damageKinds = ['bit', 'byte', 'sector', 'swap', 'stale', 'truncated'] as const
export type DamageKind = (typeof damageKinds)[number]

const pageBytes = 4_096
const sectorBytes = 512

/**
 * Damages `file` in one place, so that its bytes are not what they were. `older` is the same file at an
 * earlier time, for a write that never reached the disk.
 */
export const damage = (file: string, older: Buffer, random: Random): Damage => {
  const before = readFileSync(file)
  for (;;) {
    const bytes = Buffer.from(before)
    const done = apply(bytes, older, random)
    if (done.kind === 'truncated') {
      if (done.at === 0 || done.at >= bytes.length) continue
      truncateSync(file, done.at)
      return done
    }
    if (bytes.equals(before)) continue
    writeFileSync(file, bytes)
    return done
  }
}

const apply = (bytes: Buffer, older: Buffer, random: Random): Damage => {
  // Single bits are what happens most, and what is hardest to see.
  const kind = random.below(2) === 0 ? 'bit' : random.pick(damageKinds)
  const at = random.below(bytes.length)
  const page = at - (at % pageBytes)
  switch (kind) {
    case 'bit':
      bytes[at] = bytes[at]! ^ (1 << random.below(8))
      return { kind, at }
    case 'byte':
      bytes[at] = random.below(256)
      return { kind, at }
    case 'sector':
      bytes.fill(0, at - (at % sectorBytes), at - (at % sectorBytes) + sectorBytes)
      return { kind, at: at - (at % sectorBytes) }
    case 'swap': {
      const pages = Math.floor(bytes.length / pageBytes)
      const other = random.below(Math.max(1, pages)) * pageBytes
      const held = Buffer.from(bytes.subarray(page, page + pageBytes))
      bytes.copy(bytes, page, other, other + pageBytes)
      held.copy(bytes, other)
      return { kind, at: page }
    }
    case 'stale':
      // What was not there yet was nothing.
      bytes.fill(0, page, page + pageBytes)
      if (page < older.length) older.copy(bytes, page, page, page + pageBytes)
      return { kind, at: page }
    default:
      return { kind, at: page }
  }
}
