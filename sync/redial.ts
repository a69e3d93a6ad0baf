/** When to dial an address again: exponential back-off with full jitter, by the reason why the last try ended. */

import * as limits from './limits.ts'
import { refusals, type RefusalCode } from './refusal.ts'
import type { Random } from './surroundings.ts'

/** Milliseconds until the next dial after `attempts` failures in a row, the last of them for `code`. */
export const backOffMs = (
  random: Random,
  { attempts, code }: { readonly attempts: number; readonly code: RefusalCode },
): number => {
  const grown = Math.min(limits.backOffMsMax, limits.backOffMsMin * 2 ** Math.min(attempts, 20))
  if (refusals[code].redial === 'rarely') {
    // Only an operator can help: still with jitter, but never soon.
    return limits.backOffMsMax * (0.5 + fraction(random) / 2)
  }
  return fraction(random) * (code === 'cut' ? Math.min(grown, limits.cutBackOffMsMax) : grown)
}

// Full jitter: nodes that lost one another at one moment must not come back at one moment.
const fraction = (random: Random): number => {
  const bytes = random(4)
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32
}
