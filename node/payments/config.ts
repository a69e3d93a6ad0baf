/** Who takes a node's payments, as its configuration says. */

import { ok, refused, type Result } from '../result.ts'

export type PaymentsConfig =
  | {
      readonly provider: 'sandbox'
      /** A sandbox gateway that runs by itself; absent: the node has one of its own. */
      readonly gateway?: { readonly url: string; readonly webhookSecret: string }
    }
  | {
      readonly provider: 'stripe'
      readonly secretKey: string
      readonly webhookSecret: string
      /** Where Stripe's API is, if it is not where Stripe has it. */
      readonly url?: string
    }

/** The settings as they were given, each of the right form. */
export interface PaymentSettings {
  /** `sandbox`, `stripe`, or the address of a sandbox gateway. */
  readonly payments: string | undefined
  readonly gatewayUrl: string | undefined
  readonly gatewaySecret: string | undefined
  readonly stripeSecretKey: string | undefined
  readonly stripeWebhookSecret: string | undefined
}

/** What the settings come to together, or what does not fit, a line each. */
export const paymentsConfig = (
  given: PaymentSettings,
): Result<PaymentsConfig, readonly string[]> =>
  given.payments === 'stripe' ? stripeConfig(given) : sandboxConfig(given)

const stripeConfig = ({
  gatewayUrl,
  gatewaySecret,
  stripeSecretKey: secretKey,
  stripeWebhookSecret: webhookSecret,
}: PaymentSettings): Result<PaymentsConfig, readonly string[]> => {
  const faults: string[] = []
  if (secretKey === undefined) {
    faults.push('ATOLL_PAYMENTS=stripe needs ATOLL_STRIPE_SECRET_KEY, from the dashboard: sk_…')
  }
  if (webhookSecret === undefined) {
    faults.push('ATOLL_PAYMENTS=stripe needs ATOLL_STRIPE_WEBHOOK_SECRET, of its endpoint: whsec_…')
  }
  if (gatewaySecret !== undefined) {
    faults.push('ATOLL_GATEWAY_SECRET belongs to a sandbox gateway, and ATOLL_PAYMENTS is stripe')
  }
  if (secretKey === undefined || webhookSecret === undefined || faults.length > 0) {
    return refused(faults)
  }
  const url = gatewayUrl === undefined ? {} : { url: gatewayUrl }
  return ok({ provider: 'stripe', secretKey, webhookSecret, ...url })
}

const sandboxConfig = ({
  payments,
  gatewayUrl,
  gatewaySecret,
  ...stripe
}: PaymentSettings): Result<PaymentsConfig, readonly string[]> => {
  const faults: string[] = []
  // Whoever gives Stripe's keys means to take money, and would take none.
  if (stripe.stripeSecretKey !== undefined || stripe.stripeWebhookSecret !== undefined) {
    faults.push(
      'ATOLL_STRIPE_… is given, but payments go to the sandbox: set ATOLL_PAYMENTS=stripe',
    )
  }
  const named = payments === undefined || payments === 'sandbox' ? undefined : payments
  if (named !== undefined && gatewayUrl !== undefined && named !== gatewayUrl) {
    faults.push('ATOLL_PAYMENTS and ATOLL_GATEWAY_URL name two gateways: name one')
  }
  const url = named ?? gatewayUrl
  if (url !== undefined && gatewaySecret === undefined) {
    faults.push(
      'ATOLL_PAYMENTS with the address of a gateway needs ATOLL_GATEWAY_SECRET, the secret that ' +
        'the gateway signs its webhooks with',
    )
  }
  if (url === undefined && gatewaySecret !== undefined) {
    faults.push('ATOLL_GATEWAY_SECRET needs ATOLL_GATEWAY_URL too: where the gateway is')
  }
  if (faults.length > 0) return refused(faults)
  return url === undefined || gatewaySecret === undefined
    ? ok({ provider: 'sandbox' })
    : ok({ provider: 'sandbox', gateway: { url, webhookSecret: gatewaySecret } })
}
