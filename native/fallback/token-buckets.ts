/** The token buckets of `memory.ts`, in one thread: thousandths of a token and whole milliseconds. */

import { bucketMsMax, cellsMax, rateMax } from '../limits.ts'
import type { BucketOptions, Held, TokenBuckets } from '../memory.ts'
import { assertInteger } from './arguments.ts'

const scale = 1_000

export const createTokenBuckets = ({
  count,
  burst,
  perSecond,
}: BucketOptions): Omit<TokenBuckets, keyof Held> => {
  assertInteger(count, 1, cellsMax)
  assertInteger(burst, 1, rateMax)
  assertInteger(perSecond, 1, rateMax)
  const tokens = new Float64Array(count).fill(burst * scale)
  const lastMs = new Float64Array(count)

  return {
    count,
    take: (bucket, nowMs) => {
      assertInteger(bucket, 0, count - 1)
      assertInteger(nowMs, 0, bucketMsMax)
      const before = lastMs[bucket] ?? 0
      // Time that went back gains nothing.
      const gained = Math.max(0, nowMs - before) * perSecond
      const held = Math.min((tokens[bucket] ?? 0) + gained, burst * scale)
      if (held < scale) return Math.ceil((scale - held) / perSecond)
      tokens[bucket] = held - scale
      lastMs[bucket] = Math.max(before, nowMs)
      return 0
    },
  }
}
