/** What may be asked of the read model of coupons. */

import type Database from 'better-sqlite3'

export interface PromotionQueries {
  /** Coupons by code, as JSON of their views: those after `after`, of one promotion or of all. */
  coupons(promotion: string | undefined, after: string, limit: number): readonly CouponRow[]
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
  return {
    coupons: (promotion, after, limit) =>
      promotion === undefined ? ofAll.all(after, limit) : ofPromotion.all(promotion, after, limit),
  }
}
