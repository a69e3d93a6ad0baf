/** Flash sales and purchases as they are shown. */

import { productOf } from '../catalog/ids.ts'
import type { World } from '../core/capability.ts'
import { judge, purchase, purchaseIdOf } from './purchase.ts'
import { answerOf, type AttemptAnswer } from './purchase-rules.ts'
import type { PurchaseRow } from './queries.ts'
import { sale, stateOf, termsOf, type SaleId, type Terms } from './sale.ts'

export const viewTerms = (id: SaleId, terms: Terms) => ({
  id,
  name: terms.name,
  variantId: terms.variant,
  productId: productOf(terms.variant),
  price: terms.price,
  startsAt: new Date(terms.startsMs).toISOString(),
  endsAt: new Date(terms.endsMs).toISOString(),
  perCustomerLimit: terms.perBuyer,
})

export const viewSale = ({ read }: Pick<World, 'read'>, id: SaleId, nowMs: number) => {
  const document = read(sale, id)
  const terms = termsOf(document)
  const status = stateOf(document, nowMs)
  return terms && status ? { ...viewTerms(id, terms), status } : undefined
}

/** A purchase as it stands now, by the buyer's limit and the time there was to pay. */
export const viewPurchase = (
  { read, time }: Pick<World, 'read' | 'time'>,
  { sale: id, buyer, attempt }: PurchaseRow,
): (AttemptAnswer & { readonly at: string }) | undefined => {
  const perBuyer = termsOf(read(sale, id))?.perBuyer ?? 0
  const found = judge(read(purchase, purchaseIdOf(id, buyer)), {
    perBuyer,
    nowMs: time.wallMs,
  }).find(({ name }) => name === attempt)
  return (
    found && {
      ...answerOf({ sale: id, attempt }, found),
      at: new Date(found.atMs).toISOString(),
    }
  )
}
