/**
 * The sandbox's desk: takes a request of the API with its key, does it once, and says what is to go
 * wrong with the answer. It knows nothing of sockets, so that it answers in a simulation, too.
 */

import { createKeyMemory } from './idempotency.ts'
import type { Journal } from './journal.ts'
import type { Ledger } from './ledger.ts'
import { done, type Reply } from './objects.ts'
import { understand, type GatewayRequest } from './requests.ts'
import { cardOf, type AnswerFault } from './tokens.ts'

export interface Desk {
  answer(request: GatewayRequest, key: string | undefined): DeskAnswer
}

export interface DeskAnswer {
  readonly reply: Reply
  /** Whether it was given before, under the same key. */
  readonly isReplay: boolean
  readonly fault?: AnswerFault
}

export const createDesk = ({
  ledger,
  clock,
  journal,
}: {
  readonly ledger: Ledger
  readonly clock: { now(): number }
  readonly journal: Journal
}): Desk => {
  const keys = createKeyMemory({ clock, journal })

  return {
    answer: (request, key) => {
      const { operation, intent = '', execute } = understand(ledger, request)
      const { form } = request
      const token = form.get('payment_method') ?? form.get('payment_method_data[card][token]')
      // By the card that is charged, or that was.
      const card = operation === 'confirm' ? cardOf(token ?? '') : ledger.cardOf(intent)
      const fault = operation && card?.answers?.[operation]
      if (fault === 'never_before') return { reply: done({}), isReplay: false, fault }
      const what = `${request.method} ${request.path}?${form.toString()}`
      const answered = keys.answer({ key, what }, () => {
        const reply = execute()
        return fault === 'error' ? brokenReply : reply
      })
      const isOver = fault === 'not_the_first' && answered.isReplay
      return fault === undefined || isOver ? answered : { ...answered, fault }
    },
  }
}

const brokenReply: Reply = {
  status: 500,
  body: { error: { type: 'api_error', message: 'Something went wrong on our side.' } },
}
