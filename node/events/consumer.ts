/**
 * A consumer that has each event's effect once, however often it is handed the event: it inserts the
 * id in the transaction of the effect, and does nothing if the id was there.
 *
 * A batch is one transaction. If an effect fails, the batch is done again one by one, so that one event
 * that nobody can handle costs the others nothing.
 */

import type { DomainEvent } from './event.ts'

export interface Failure {
  readonly id: string
  readonly error: unknown
}

/** Handles events; what failed is to be handed to it again. */
export type Handle = (events: readonly DomainEvent[]) => Promise<readonly Failure[]>

/** Where effects and ids are kept together. */
export interface Ledger<Tx> {
  /** Runs `work` in a transaction: all of it is kept, or nothing. */
  transact(work: (tx: Tx) => Promise<void> | void): Promise<void>
  /** Of these events, those that the consumer had not had; from now on it has. */
  take(
    tx: Tx,
    consumer: string,
    ids: readonly string[],
  ): Promise<ReadonlySet<string>> | ReadonlySet<string>
}

export interface ConsumerOptions<Tx> {
  /** Names what it does: two consumers of one name are one. */
  readonly consumer: string
  readonly ledger: Ledger<Tx>
  /** The effect, by means of the transaction alone. */
  readonly effect: (tx: Tx, event: DomainEvent) => Promise<void> | void
  /** Called with how many events had their effect, and how many had had it before. */
  readonly handled?: (counts: { readonly fresh: number; readonly repeated: number }) => void
}

export const createConsumer = <Tx>(options: ConsumerOptions<Tx>): Handle => {
  const { consumer, ledger, effect, handled } = options

  const handleAll = async (events: readonly DomainEvent[]): Promise<void> => {
    let fresh = 0
    await ledger.transact(async (tx) => {
      fresh = 0
      const ids = events.map(({ id }) => id)
      const left = new Set(await ledger.take(tx, consumer, ids))
      for (const event of events) {
        // A batch may have an event twice.
        if (!left.delete(event.id)) continue
        await effect(tx, event)
        fresh++
      }
    })
    handled?.({ fresh, repeated: events.length - fresh })
  }

  return async (events) => {
    try {
      await handleAll(events)
      return []
    } catch (error) {
      const [only] = events
      if (events.length === 1 && only) return [{ id: only.id, error }]
    }
    const failures: Failure[] = []
    for (const event of events) {
      try {
        await handleAll([event])
      } catch (error) {
        failures.push({ id: event.id, error })
      }
    }
    return failures
  }
}
