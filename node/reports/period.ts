/** The days that a report is of, and whether months will do for it. */

import type { Refusal } from '../errors.ts'
import { ok, refused, type Result } from '../result.ts'
import { daysAsked, daysMax, productDaysMax, productMonthsMax } from './limits.ts'

export interface Period {
  /** `2026-11-01`. */
  readonly from: string
  /** The first day that is no part of it. */
  readonly to: string
}

const dayMs = 86_400_000

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** The period that was asked for; without an end, up to today and with it. */
export const periodOf = (
  asked: { readonly from?: string | undefined; readonly to?: string | undefined },
  nowMs: number,
): Result<Period, Refusal> => {
  const toMs = asked.to === undefined ? Date.parse(dayOf(nowMs)) + dayMs : Date.parse(asked.to)
  const to = dayOf(toMs)
  const from = asked.from ?? dayOf(toMs - daysAsked * dayMs)
  const days = daysBetween({ from, to })
  if (days <= 0) return invalid('The period is to begin before it ends')
  const most = isMonths({ from, to }) ? productMonthsMax * 31 : daysMax
  return days > most ? invalid(`The period is to have ${most} days at most`) : ok({ from, to })
}

const invalid = (detail: string) => refused({ code: 'report_period_invalid', detail } as const)

const daysBetween = ({ from, to }: Period): number =>
  Math.round((Date.parse(to) - Date.parse(from)) / dayMs)

/** Whether it begins and ends with a month. */
export const isMonths = ({ from, to }: Period): boolean =>
  from.endsWith('-01') && to.endsWith('-01')

/** Whether a report of products can be made of it, without reading a row for each product and day. */
export const isShortForProducts = (period: Period): Result<Period, Refusal> =>
  isMonths(period) || daysBetween(period) <= productDaysMax
    ? ok(period)
    : invalid(
        `For products and categories the period is to have ${productDaysMax} days at most, or to be whole months`,
      )

export const isShortForDays = (period: Period): Result<Period, Refusal> =>
  daysBetween(period) <= daysMax
    ? ok(period)
    : invalid(`Day by day the period is to have ${daysMax} days at most`)
