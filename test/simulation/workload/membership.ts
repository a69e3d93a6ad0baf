/** What admins do about nodes that went away, and came back. */

import { declareGone, readmit, type MembershipInput } from '../../../node/replication/membership.ts'
import type { Deed, MakeDeed } from './deed.ts'

const deedOf = (rule: typeof declareGone, input: Omit<MembershipInput, 'self'>): Deed => ({
  actor: 'account/admin',
  rule:
    ({ host }) =>
    (world, asked: typeof input) =>
      rule(world, { ...asked, self: host.name }),
  input,
})

export const membershipDeeds = {
  declareGone: ({ random, nodes }) =>
    deedOf(declareGone, { name: random.pick(nodes), reason: 'It was not heard of' }),
  readmit: ({ random, nodes }) =>
    deedOf(readmit, { name: random.pick(nodes), reason: 'It is back' }),
} satisfies Record<string, MakeDeed>
