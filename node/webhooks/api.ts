/** Webhooks' words in the API. */

import { z } from '@hono/zod-openapi'
import { eventTypes } from '../events/catalogue.ts'
import { isEventId } from '../events/event.ts'
import { Receipt, page, PageQuery } from '../http/schemas.ts'
import { deliveryStates, type Delivery } from './deliveries.ts'
import { urlLengthMax } from './limits.ts'
import type { SubscriptionView } from './subscription.ts'

export const Id = z.string().regex(/^wh_[0-9a-f]{24}$/, 'Must be the id of a webhook')

const Url = z.string().min(1).max(urlLengthMax).openapi({
  example: 'https://erp.example/atoll',
  description: 'An https address on the internet. Redirects are not followed.',
})

const Types = z
  .array(z.enum(['*', ...eventTypes]))
  .min(1)
  .max(eventTypes.length + 1)
  .transform((types) => [...new Set(types)].sort())
  .openapi({ description: 'Types of events, see /docs/events; `*` for all.' })

export const WebhookBody = z.strictObject({ url: Url, types: Types }).openapi('NewWebhook')

export const WebhookPatch = z
  .strictObject({ url: Url, types: Types, paused: z.boolean() })
  .partial()
  .openapi('WebhookPatch')

export const WebhookOut = z
  .object({
    id: z.string(),
    url: z.string(),
    types: z.array(z.string()),
    paused: z.boolean(),
    createdAt: z.string(),
  })
  .openapi('Webhook')

export const ChangedWebhook = WebhookOut.extend({ receipt: Receipt }).openapi('ChangedWebhook')

export const SecretWebhook = ChangedWebhook.extend({
  secret: z.string().openapi({
    description:
      'Shown this once. `Atoll-Signature` is `t=<seconds>,v1=<hex>`: the HMAC-SHA256 of `<seconds>.<body>` under it.',
  }),
}).openapi('WebhookWithSecret')

export const WebhookList = z.object({ items: z.array(WebhookOut) }).openapi('Webhooks')

export const WebhookParams = z.object({ id: Id })

export const DeliveryQuery = PageQuery.extend({
  state: z.enum(deliveryStates).default('dead'),
})

export const DeliveryOut = z
  .object({
    event: z.string(),
    type: z.string(),
    state: z.enum(deliveryStates),
    attempts: z.int(),
    dueAt: z.string().nullable().openapi({ description: 'When it is tried next, if it is.' }),
    outcome: z.string().openapi({ description: 'What came of the last attempt.' }),
    updatedAt: z.string(),
  })
  .openapi('WebhookDelivery')

export const DeliveryPage = page(DeliveryOut).openapi('WebhookDeliveries')

export const ReplayBody = z
  .strictObject({
    event: z.string().refine(isEventId, 'Must be the id of an event').optional(),
  })
  .openapi('WebhookReplay', { description: 'One event, or without it all that are dead.' })

export const ReplayOut = z.object({ replayed: z.int() }).openapi('WebhookReplayed')

export const showWebhook = ({ id, url, types, isPaused, createdMs }: SubscriptionView) => ({
  id,
  url,
  types,
  paused: isPaused,
  createdAt: new Date(createdMs).toISOString(),
})

export const showDelivery = (one: Delivery) => ({
  event: one.event,
  type: one.type,
  state: one.state,
  attempts: one.attempts,
  dueAt: one.state === 'waiting' ? new Date(one.dueMs).toISOString() : null,
  outcome: one.outcome,
  updatedAt: new Date(one.updatedMs).toISOString(),
})
