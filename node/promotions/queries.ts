/** What may be asked of the read model of coupons. */

import type Database from 'better-sqlite3'

export interface PromotionQueries {
  /** Coupons by code, as JSON of their views: those after `after`, of one promotion or of all. */
  coupons(promotion: string | undefined, after: string, limit: number): readonly CouponRow[]
  /** Coupons, and allowances, after a document's number, in the order of these numbers; 0 begins. */
  couponsAfter(document: number, limit: number): readonly DocumentRow[]
  allowancesAfter(document: number, limit: number): readonly DocumentRow[]
}

export interface DocumentRow {
  readonly document: number
  readonly id: string
}

export interface CouponRow {
  readonly code: string
  readonly json: string
}

export const createPromotionQueries = (database: Database.Database): PromotionQueries => {
  const ofAll = database.prepare<[string, number], CouponRow>(
    'select code, json from coupons where code > ? order by code limit ?',
  )
  const ofPromotion = database.prepare<[string, string, number], CouponRow>(
    'select code, json from coupons where promotion = ? and code > ? order by code limit ?',
  )
  const couponsAfter = database.prepare<[number, number], DocumentRow>(
    'select document, code as id from coupons where document > ? order by document limit ?',
  )
  const allowancesAfter = database.prepare<[number, number], DocumentRow>(
    'select document, id from coupon_allowances where document > ? order by document limit ?',
  )
  return {
    couponsAfter: (document, limit) => couponsAfter.all(document, limit),
    allowancesAfter: (document, limit) => allowancesAfter.all(document, limit),
    coupons: (promotion, after, limit) =>
      promotion === undefined ? ofAll.all(after, limit) : ofPromotion.all(promotion, after, limit),
  }
}
