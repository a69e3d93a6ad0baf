/**
 * A subscription: an address outside, and the types of events that it is told of. It is a document, so
 * that every node knows it; each node tells of its own events.
 *
 * What was removed stays removed, also if another region edited it meanwhile: nothing may be sent to
 * whom somebody wanted to hear nothing more.
 */

import { edit, schema, type Document } from '../../crdt/document.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { Value } from '../../crdt/value.ts'
import { given, overwrite } from '../catalog/edits.ts'
import { documentKind, draftDelta, type Decide, type World } from '../core/capability.ts'
import type { Table } from '../core/store.ts'
import type { Refusal } from '../errors.ts'
import { isBoolean, isNull, isText } from '../guards.ts'
import { ok, refused } from '../result.ts'

const isTexts = (value: Value): value is readonly string[] =>
  Array.isArray(value) && value.every(isText)

export const webhook = schema('webhook', 1, {
  url: [1, lwwRegister.shape(isText)],
  /** Types of events; `*` for all there are. */
  types: [2, lwwRegister.shape(isTexts)],
  secret: [3, lwwRegister.shape(isText)],
  isPaused: [4, lwwRegister.shape(isBoolean)],
  created: [5, eventLog.shape(isNull)],
  removed: [6, eventLog.shape(isNull)],
})

export type Webhook = Document<typeof webhook.fields>

export interface SubscriptionView {
  readonly id: string
  readonly url: string
  readonly types: readonly string[]
  readonly isPaused: boolean
  readonly createdMs: number
}

export const isStanding = ({ store }: Webhook): boolean =>
  store.created.size > 0 && store.removed.size === 0

export const viewSubscription = (id: string, { store }: Webhook): SubscriptionView => ({
  id,
  url: lwwRegister.read({ store: store.url }) ?? '',
  types: lwwRegister.read<readonly string[]>({ store: store.types }) ?? [],
  isPaused: lwwRegister.read({ store: store.isPaused }) ?? false,
  createdMs: eventLog.entries({ store: store.created })[0]?.value.wallMs ?? 0,
})

export const secretOf = ({ store }: Webhook): string =>
  lwwRegister.read({ store: store.secret }) ?? ''

export const wants = ({ types }: Pick<SubscriptionView, 'types'>, type: string): boolean =>
  types.includes('*') || types.includes(type)

const webhookTable: Table = {
  name: 'webhooks',
  columns: ['id', 'created_ms'],
  isSingle: true,
}

export const webhookSql = `
create table if not exists webhooks (
  document   integer primary key,
  id         text    not null,
  created_ms integer not null
) strict;
`

export const webhookKind = documentKind({
  schema: webhook,
  tables: [webhookTable],
  project: (id, document) =>
    isStanding(document)
      ? { webhooks: [{ id, created_ms: viewSubscription(id, document).createdMs }] }
      : {},
})

export type SubscriptionAnswer = { readonly id: string }

export interface Subscribe {
  readonly id: string
  readonly secret: string
  readonly url: string
  readonly types: readonly string[]
}

export const subscribe: Decide<Subscribe, SubscriptionAnswer> = (world, input) =>
  ok({
    type: 'webhook.subscribed',
    deltas: [
      draftDelta(
        webhook,
        input.id,
        edit(webhook, world.read(webhook, input.id), {
          url: overwrite(world, input.url),
          types: overwrite<readonly string[]>(world, input.types),
          secret: overwrite(world, input.secret),
          created: (log) => eventLog.append(log, world.time, null),
        }),
      ),
    ],
    answer: { id: input.id },
  })

export interface SubscriptionEdit {
  readonly id: string
  readonly url?: string | undefined
  readonly types?: readonly string[] | undefined
  readonly isPaused?: boolean | undefined
  readonly secret?: string | undefined
}

export const editSubscription: Decide<SubscriptionEdit, SubscriptionAnswer> = (world, input) => {
  const { id } = input
  const found = world.read(webhook, id)
  if (!isStanding(found)) return refused(notFound(id))
  const delta = edit(webhook, found, {
    url: given(input.url, (url) => overwrite(world, url)),
    types: given(input.types, (types) => overwrite<readonly string[]>(world, types)),
    isPaused: given(input.isPaused, (is) => overwrite(world, is)),
    secret: given(input.secret, (secret) => overwrite(world, secret)),
  })
  return ok({
    type: 'webhook.updated',
    deltas: [draftDelta(webhook, id, delta)],
    answer: { id },
  })
}

export const unsubscribe: Decide<{ readonly id: string }, SubscriptionAnswer> = (world, { id }) => {
  const found = world.read(webhook, id)
  if (!isStanding(found)) return refused(notFound(id))
  const delta = edit(webhook, found, {
    removed: (log) => eventLog.append(log, world.time, null),
  })
  return ok({
    type: 'webhook.removed',
    deltas: [draftDelta(webhook, id, delta)],
    answer: { id },
  })
}

export const notFound = (id: string): Refusal => ({
  code: 'webhook_not_found',
  detail: `There is no webhook ${id}`,
})

/** The subscription that stands under this id; undefined if none does. */
export const subscriptionOf = (
  { read }: Pick<World, 'read'>,
  id: string,
): (SubscriptionView & { readonly secret: string }) | undefined => {
  const document = read(webhook, id)
  return isStanding(document)
    ? { ...viewSubscription(id, document), secret: secretOf(document) }
    : undefined
}
