/**
 * What the sandbox remembers of keys, as Stripe does: the first answer to a key is the answer to it for
 * a day, whatever it was; another request under it is refused, and so is the same one meanwhile.
 */

import { hash } from 'node:crypto'
import type { Journal, RememberedKey } from './journal.ts'
import type { Reply } from './objects.ts'

export interface KeyMemory {
  /** The answer to a request under its key: `execute`d if it is new, and its own if it was before. */
  answer(
    request: { readonly key: string | undefined; readonly what: string },
    execute: () => Reply,
  ): { readonly reply: Reply; readonly isReplay: boolean }
}

/** Stripe keeps keys for at least 24 hours. */
const keyLifeMs = 24 * 3_600_000

/** More than an hour of a busy shop; the oldest go first, so that a bench cannot fill the memory. */
const keysMax = 1_000_000

export const createKeyMemory = ({
  clock,
  journal,
}: {
  readonly clock: { now(): number }
  readonly journal: Journal
}): KeyMemory => {
  const answers = new Map<string, RememberedKey>(
    journal.entries.flatMap((entry) => ('key' in entry ? [[entry.key.key, entry.key]] : [])),
  )

  const forgetOld = () => {
    for (const [key, { atMs }] of answers) {
      if (clock.now() - atMs < keyLifeMs && answers.size < keysMax) return
      answers.delete(key)
    }
  }

  return {
    answer: ({ key, what }, execute) => {
      if (key === undefined) return { reply: execute(), isReplay: false }
      forgetOld()
      const digest = hash('sha256', what)
      const known = answers.get(key)
      if (known && clock.now() - known.atMs < keyLifeMs) {
        return known.what === digest
          ? { reply: known.reply, isReplay: true }
          : { reply: otherRequest, isReplay: false }
      }
      const reply = execute()
      const remembered = { key, what: digest, reply, atMs: clock.now() }
      answers.delete(key)
      answers.set(key, remembered)
      journal.write({ key: remembered })
      return { reply, isReplay: false }
    },
  }
}

const otherRequest: Reply = {
  status: 400,
  body: {
    error: {
      type: 'idempotency_error',
      message: 'This key was used for a request with other parameters.',
    },
  },
}
