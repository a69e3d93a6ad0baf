/**
 * Passwords, hashed with Argon2id off the event loop, a few at a time.
 *
 * Checking a password takes as long for an address that has no account as for one that has: otherwise
 * the time of the answer would tell which addresses are customers.
 */

import * as argon2 from '@node-rs/argon2'
import { Fault } from '../fault.ts'
import { hashesAtOnceMax, hashesWaitingMax } from './limits.ts'

export interface Passwords {
  hash(password: string, salt: Uint8Array): Promise<string>
  /** Whether the password is the hash's; of no hash, no after the same work. */
  matches(password: string, hash: string | undefined): Promise<boolean>
  /** Refuses what waits and what comes; what runs is finished. */
  close(): void
}

// The least that OWASP recommends for Argon2id: 19 MiB, two passes, one lane.
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** A hash at the same cost that no password has. */
const nobodysHash = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

export const createPasswords = (
  limits = { atOnceMax: hashesAtOnceMax, waitingMax: hashesWaitingMax },
): Passwords => {
  const turns = createTurns(limits)
  return {
    hash: (password, salt) => turns.take(() => argon2.hash(normalize(password), { ...cost, salt })),
    matches: (password, hash) =>
      turns.take(async () => {
        const isMatch = await argon2.verify(hash ?? nobodysHash, normalize(password))
        return isMatch && hash !== undefined
      }),
    close: turns.close,
  }
}

// One password is typed as different code points on different keyboards (NIST SP 800-63B, 3.1.1.2).
const normalize = (password: string): string => password.normalize('NFKC')

/** Runs work when its turn comes, in order; throws a `Fault` if too much waits already. */
const createTurns = ({
  atOnceMax,
  waitingMax,
}: {
  readonly atOnceMax: number
  readonly waitingMax: number
}) => {
  const waiting: { readonly go: () => void; readonly refuse: (fault: Fault) => void }[] = []
  let running = 0
  let isClosed = false

  const turn = (): Promise<void> => {
    if (isClosed) return Promise.reject(closing())
    if (running < atOnceMax) {
      running++
      return Promise.resolve()
    }
    if (waiting.length >= waitingMax) {
      return Promise.reject(new Fault('overloaded', 'Too many passwords wait to be checked'))
    }
    return new Promise((go, refuse) => {
      waiting.push({ go, refuse })
    })
  }

  return {
    take: async <T>(work: () => Promise<T>): Promise<T> => {
      await turn()
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        // The turn passes on to the next without ever being free.
        if (next) next.go()
        else running--
      }
    },
    close: () => {
      isClosed = true
      for (const { refuse } of waiting.splice(0)) refuse(closing())
    },
  }
}

const closing = () => new Fault('shutting_down', 'The node is shutting down')
