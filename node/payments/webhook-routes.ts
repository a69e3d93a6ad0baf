/**
 * Where providers tell what happened. Nobody signs in here: the signature over the body is all that
 * makes a webhook one, so nothing of it is read before that holds.
 */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { readRawBody } from '../http/body.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import { jsonContent as json, problemResponses } from '../http/schemas.ts'
import * as api from './api.ts'
import { webhookBytesMax } from './limits.ts'
import type { PaymentRoutesDeps } from './routes.ts'

export const addWebhookRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { payments, clock }: Pick<PaymentRoutesDeps, 'payments' | 'clock'>,
): void => {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/webhooks/payments/{provider}',
      tags: ['payments'],
      summary: 'Hear from a payment provider',
      description:
        'For the provider alone. The same event counts once, in whatever order it comes.',
      request: { params: api.WebhookParams },
      responses: {
        200: { description: 'Heard; it need not be sent again', content: json(api.HeardOut) },
        ...problemResponses(
          'webhook_signature_invalid',
          'payment_provider_unknown',
          'body_too_large',
          'overloaded',
        ),
      },
    }),
    async (c) => {
      const { provider } = c.req.valid('param')
      if (provider !== payments.provider.name) {
        const detail = `Payments go through ${payments.provider.name} here`
        return problem(c, { code: 'payment_provider_unknown', detail })
      }
      const body = await readRawBody(c, webhookBytesMax)
      if (!body.ok) return problem(c, body.refusal)
      const { headers } = c.req.raw
      const heard = await payments.hear({ headers, body: body.value, nowMs: clock.now() })
      return heard.ok ? c.json({ received: true }, 200) : problem(c, heard.refusal)
    },
  )
}
