/**
 * The core as a worker reaches it: commands and whole requests go through the queue that all workers
 * share, and the answers come back through the worker's own.
 */

import type { Value } from '../../crdt/value.ts'
import type { Decide } from '../core/capability.ts'
import type { Command, Outcome } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { assert } from '../../crdt/assert.ts'
import type { Refusal } from '../errors.ts'
import { Fault } from '../fault.ts'
import type { Result } from '../result.ts'
import { inFlightMax } from './limits.ts'
import {
  kinds,
  readToWorker,
  toCore,
  type CommandAnswer,
  type CommandHead,
  type RequestHead,
  type ResponseHead,
  type ToWorker,
} from './messages.ts'

export interface RemoteResponse extends ResponseHead {
  readonly body: Buffer
}

export interface RemoteCore {
  /** Commands whose rules were given names; the core has the same rules under the same names. */
  readonly pipeline: Pick<Pipeline, 'submit' | 'named'>
  /** Has the core's thread answer a request. Rejects with a `Fault` if it cannot be passed on. */
  request(head: RequestHead, body: Uint8Array): Promise<RemoteResponse>
  /** To be called with every answer; the bytes may be used again when it returns. */
  answered(bytes: Buffer): void
  /** Requests that wait for their answers. */
  waiting(): number
}

export interface RemoteCoreDeps {
  readonly worker: number
  /** Whether it was sent: false if the core's queue is full. */
  readonly send: (bytes: Buffer) => boolean
}

export const createRemoteCore = ({ worker, send }: RemoteCoreDeps): RemoteCore => {
  const names = new Map<Decide<never, Value>, string>()
  const waiting = new Map<number, (answer: ToWorker) => void>()
  let last = 0

  const ask = (kind: number, head: CommandHead | RequestHead, body?: Uint8Array) =>
    new Promise<ToWorker>((resolve, reject) => {
      const request = (last = (last + 1) % 2 ** 32)
      const isTaken =
        waiting.size < inFlightMax && send(toCore({ kind, worker, request }, head, body))
      if (isTaken) waiting.set(request, resolve)
      else reject(new Fault('overloaded', 'More requests wait than this node can take'))
    })

  const submit = async <Input, Answer extends Value>({
    decide,
    input,
    actor,
    request,
  }: Command<Input, Answer>): Promise<Result<Outcome<Answer>, Refusal>> => {
    const name = names.get(decide)
    assert(name !== undefined, 'a worker submits what has a name')
    const head = { name, input, actor, ...(request ? { request } : {}) }
    const answer = (await ask(kinds.command, head)).head as CommandAnswer
    if ('fault' in answer) throw new Fault(answer.fault, answer.message)
    // The rule of this name makes answers of this type.
    return answer.result as Result<Outcome<Answer>, Refusal>
  }

  return {
    pipeline: {
      submit,
      named: (name, decide) => {
        names.set(decide, name)
        return decide
      },
    },
    request: async (head, body) => {
      const answer = await ask(kinds.request, head, body)
      return { ...(answer.head as ResponseHead), body: answer.body }
    },
    answered: (bytes) => {
      const answer = readToWorker(bytes)
      const resolve = waiting.get(answer.request)
      waiting.delete(answer.request)
      // The body outlives the buffer that it came in.
      resolve?.({ ...answer, body: Buffer.from(answer.body) })
    },
    waiting: () => waiting.size,
  }
}
