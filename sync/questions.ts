/**
 * The questions of one session that wait for an answer, ours and the peer's: who asks has a deadline, and
 * who answers takes a few at a time.
 */

import type { ReplicaId } from '../crdt/dot.ts'
import * as limits from './limits.ts'
import type { Timers } from './surroundings.ts'

/** Answers the questions of one topic. One that makes no sense, or cannot be answered, is thrown. */
export type Answering = (question: Uint8Array, from: Asking) => Promise<Uint8Array>

export interface Asking {
  readonly name: string
  readonly replica: ReplicaId
}

export type AnsweringByTopic = ReadonlyMap<string, Answering>

export interface Questions {
  /** Sends a question and resolves with its answer; rejects with a `NoAnswer` if none comes in time. */
  ask(topic: string, body: Uint8Array, deadlineMs: number): Promise<Uint8Array>
  /** An answer came; one that is too late, or to no question of ours, is of no account. */
  take(number: number, body: Uint8Array | undefined): void
  /** Answers a question of the peer's with `reply`, which gets nothing if it cannot be answered. */
  answer(
    question: { readonly topic: string; readonly body: Uint8Array; readonly from: Asking },
    reply: (body: Uint8Array | undefined) => void,
  ): void
  /** The session is over: what waits will not be answered. */
  close(): void
}

/** Why there is no answer. Whether the one who was asked acted is not known after `late` and `lost`. */
export type NoAnswer = Error & { readonly code: 'unreachable' | 'declined' | 'late' | 'lost' }

export const noAnswer = (code: NoAnswer['code'], message: string): NoAnswer =>
  Object.assign(new Error(message), { code })

export const createQuestions = ({
  answering,
  timers,
  send,
}: {
  readonly answering: AnsweringByTopic
  readonly timers: Timers
  readonly send: (number: number, topic: string, body: Uint8Array) => void
}): Questions => {
  const pending = new Map<number, (outcome: Uint8Array | NoAnswer) => void>()
  let lastNumber = 0
  let beingAnswered = 0
  let isOver = false

  return {
    ask: (topic, body, deadlineMs) =>
      new Promise((resolve, reject) => {
        if (isOver) return reject(noAnswer('unreachable', 'The session is over'))
        if (pending.size >= limits.questionsMax) {
          return reject(noAnswer('unreachable', 'Too many questions wait for an answer'))
        }
        const number = ++lastNumber
        const cancel = timers.after(deadlineMs, () =>
          pending.get(number)?.(noAnswer('late', 'No answer came in time')),
        )
        pending.set(number, (outcome) => {
          pending.delete(number)
          cancel()
          if (outcome instanceof Error) reject(outcome)
          else resolve(outcome)
        })
        send(number, topic, body)
      }),

    take: (number, body) =>
      pending.get(number)?.(body ?? noAnswer('declined', 'The peer could not answer')),

    answer: ({ topic, body, from }, reply) => {
      const answerer = answering.get(topic)
      if (!answerer || beingAnswered >= limits.questionsMax) return reply(undefined)
      beingAnswered++
      // What an answerer throws is its own to report; the one who asked is told that there is no answer.
      const conclude = (answer: Uint8Array | undefined) => {
        beingAnswered--
        reply(answer && answer.length <= limits.questionBytesMax ? answer : undefined)
      }
      answerer(body, from).then(conclude, () => conclude(undefined))
    },

    close: () => {
      isOver = true
      for (const settle of pending.values()) settle(noAnswer('lost', 'The session ended'))
    },
  }
}
