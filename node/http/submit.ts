/** Brings a route's command to the core, under the name that its idempotency key gives it. */

import type { Context } from 'hono'
import type { Value } from '../../crdt/value.ts'
import type { Decide } from '../core/capability.ts'
import type { Outcome } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import type { Refusal } from '../errors.ts'
import type { Result } from '../result.ts'
import { actorOf } from './actor.ts'
import { requestIdOf } from './idempotency.ts'
import type { NodeEnv } from './router.ts'

export interface Submission<Input, Answer extends Value> {
  readonly decide: Decide<Input, Answer>
  readonly input: Input
  /** Who asks; the principal, if it is not said. */
  readonly actor?: string
  /** What the client asked, if the input says more than that. */
  readonly asked?: unknown
}

export const submit = <Input, Answer extends Value>(
  c: Context<NodeEnv>,
  pipeline: Pick<Pipeline, 'submit'>,
  { decide, input, actor = actorOf(c), asked = input }: Submission<Input, Answer>,
): Promise<Result<Outcome<Answer>, Refusal>> => {
  const request = requestIdOf(c, actor, asked)
  return pipeline.submit({ decide, input, actor, ...(request ? { request } : {}) })
}
