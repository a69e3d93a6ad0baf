/** What every scene of the story works with. */

import type { Client } from './client.ts'
import type { Narrator } from './narrator.ts'
import type { ByRegion } from './regions.ts'
import type { StoryDeps } from './story-deps.ts'

export interface Stage {
  readonly deps: StoryDeps
  readonly narrator: Narrator
  /** Signed in as the admin: one sign-in, good at every node. */
  readonly admins: ByRegion<Client>
  /** Not signed in: who shops needs only the token of a cart. */
  readonly guests: ByRegion<Client>
  /** The books of the payment gateway are at `<gatewayUrl>/sandbox/orders/<id>`. */
  readonly gatewayUrl: string
  /** Every change that a node acknowledged to the story so far, `<replica>:<counter>`. */
  readonly receipts: readonly string[]
}
