/** The tokens of the sandbox: each stands for a card, and for what goes wrong with it. */

export interface Card {
  /** What the bank says when the card is charged. */
  readonly bank: 'approves' | 'approves_late' | 'declines_late' | Decline
  /** What becomes of the gateway's answer, by what was asked. */
  readonly answers?: Readonly<Partial<Record<Operation, AnswerFault>>>
  readonly webhooks?: 'twice' | 'backwards'
  /** What comes of taking or giving back the money, where it goes wrong. */
  readonly capture?: 'fails'
  readonly refund?: 'fails_late'
}

export type Operation = 'confirm' | 'capture' | 'refund' | 'cancel'

export type AnswerFault =
  /** It is done, and nobody ever hears of it on this connection, however often it is asked. */
  | 'never'
  /** It is done, the first answer is lost, and the next is as if it had not been. */
  | 'not_the_first'
  /** It is not done, and not answered. */
  | 'never_before'
  /** It is done, and answered twice on one connection. */
  | 'twice'
  /** It is done, and answered with 500, as the answer to its key for ever. */
  | 'error'

export interface Decline {
  readonly code: string
  readonly declineCode?: string
  readonly adviceCode?: 'try_again_later' | 'do_not_try_again' | 'confirm_card_data'
}

const approves: Card = { bank: 'approves' }

const declines = (
  declineCode: string,
  adviceCode: NonNullable<Decline['adviceCode']>,
  code = 'card_declined',
): Card => ({ bank: { code, declineCode, adviceCode } })

const answers = (operation: Operation, fault: AnswerFault): Card => ({
  bank: 'approves',
  answers: { [operation]: fault },
})

const cards: Readonly<Record<string, Card>> = {
  tok_ok: approves,
  tok_declined: declines('generic_decline', 'try_again_later'),
  tok_insufficient_funds: declines('insufficient_funds', 'try_again_later'),
  tok_wrong_cvc: declines('incorrect_cvc', 'confirm_card_data', 'incorrect_cvc'),
  tok_expired: declines('expired_card', 'do_not_try_again', 'expired_card'),
  tok_stolen: declines('stolen_card', 'do_not_try_again'),
  tok_authentication: declines('authentication_required', 'try_again_later'),
  tok_timeout: answers('confirm', 'never'),
  tok_timeout_before: answers('confirm', 'never_before'),
  tok_timeout_once: answers('confirm', 'not_the_first'),
  tok_error: answers('confirm', 'error'),
  tok_twice: { ...answers('confirm', 'twice'), webhooks: 'twice' },
  tok_backwards: { bank: 'approves', webhooks: 'backwards' },
  tok_late: { bank: 'approves_late' },
  tok_late_declined: { bank: 'declines_late' },
  tok_capture_timeout: answers('capture', 'never'),
  tok_capture_timeout_once: answers('capture', 'not_the_first'),
  tok_capture_fails: { bank: 'approves', capture: 'fails' },
  tok_refund_timeout: answers('refund', 'never'),
  tok_refund_fails: { bank: 'approves', refund: 'fails_late' },
  tok_release_timeout: answers('cancel', 'never'),
  // As Stripe calls its own test cards.
  tok_visa: approves,
  pm_card_visa: approves,
  tok_chargeDeclined: declines('generic_decline', 'try_again_later'),
  pm_card_visa_chargeDeclined: declines('generic_decline', 'try_again_later'),
}

/** The card that a token stands for; undefined if it stands for none. */
export const cardOf = (token: string): Card | undefined =>
  Object.hasOwn(cards, token) ? cards[token] : undefined

export const sandboxTokens: readonly string[] = Object.keys(cards)
