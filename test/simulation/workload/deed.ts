/** A deed: what somebody asks of whichever node will take it, made so that it can be asked again. */

import type { Value } from '../../../crdt/value.ts'
import type { Decide } from '../../../node/core/capability.ts'
import type { Intent } from '../../../node/cart/cart-rules.ts'
import type { CartId } from '../../../node/cart/cart-id.ts'
import type { Process } from '../cluster/process.ts'
import type { Random } from '../world/random.ts'
import type { Goods } from './goods.ts'

export interface Deed {
  readonly actor: string
  /** The rule as the process has it; rules are bound to what they read. */
  readonly rule: (process: Process) => Decide<never, Value>
  readonly input: unknown
  /** The intents among it, which are requests of their own. */
  readonly intents?: { readonly cart: CartId; readonly list: readonly Intent[] }
}

export interface Setting {
  readonly random: Random
  readonly goods: Goods
  /** The node that is asked first, to choose by what it shows. */
  readonly process: Process
  /** The replicas that other nodes write under now. */
  readonly others: () => readonly string[]
  /** The names of all nodes. */
  readonly nodes: readonly string[]
  /** A name that no other deed has. */
  readonly name: string
}

/** Makes a deed; undefined if there is nothing of that sort to do here. */
export type MakeDeed = (setting: Setting) => Deed | undefined

/** A deed by a rule that is the same at every process. */
export const deed = <Input, Answer extends Value>(
  actor: string,
  rule: Decide<Input, Answer>,
  input: Input,
): Deed => ({ actor, rule: () => rule, input })
