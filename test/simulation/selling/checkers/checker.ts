/** What a checker of a rush is told, and how it says that something must not be. */

import type { VariantId } from '../../../../node/catalog/ids.ts'
import type { Core } from '../../../../node/core/core.ts'
import type { Changed } from '../../../../node/inventory/inventory.ts'
import type { OrderId } from '../../../../node/orders/order-id.ts'
import type { CouponCode } from '../../../../node/promotions/coupon.ts'
import type { Books } from '../gateway.ts'
import type { Life } from '../shop.ts'

export interface RushChecker {
  /** A transaction became durable at a node. */
  committed?(node: string, core: Core, changed: readonly Changed[]): void
  /** The faults are over, and nothing is left to be done. */
  settled?(facts: Facts): void
}

export interface Wares {
  readonly variant: VariantId
  readonly units: number
  readonly code: CouponCode
  /** Uses of the coupon in all. */
  readonly coupons: number
}

export interface Attempt {
  readonly id: OrderId
  readonly usesCoupon: boolean
  /** What its buyer was told, and did then. */
  state: 'asked' | 'accepted' | 'refused' | 'declined' | 'given back'
}

export interface Facts {
  /** One process of each node. */
  readonly lives: readonly Life[]
  readonly book: readonly Attempt[]
  readonly books: (orderId: string) => Books
}

/** Reports a violation, in a sentence. */
export type Report = (sentence: string) => void
export type CreateRushChecker = (report: Report, wares: Wares) => RushChecker
