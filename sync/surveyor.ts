/** Surveys of our documents, shared by all sessions: a survey is large, and pullers often come together. */

import type { DocumentExchange, Survey } from './document-exchange.ts'
import * as limits from './limits.ts'
import type { Clock, Timers } from './surroundings.ts'

export interface Surveyor {
  /** A survey that begins now, or one that is under way. */
  fresh(): Promise<Survey>
  /** A survey that is at most `surveySharedMsMax` old. */
  recent(): Promise<Survey>
}

export interface SurveyorDeps {
  readonly exchange: Pick<DocumentExchange, 'survey'>
  readonly clock: Pick<Clock, 'monotonic'>
  readonly timers: Timers
}

export const createSurveyor = ({ exchange, clock, timers }: SurveyorDeps): Surveyor => {
  let underWay: Promise<Survey> | undefined
  let last: { readonly survey: Survey; readonly beganMs: number } | undefined

  const fresh = (): Promise<Survey> => {
    underWay ??= make()
    return underWay
  }

  const make = async (): Promise<Survey> => {
    const beganMs = clock.monotonic()
    try {
      const survey = await exchange.survey()
      const made = { survey, beganMs }
      last = made
      // It is not to be held when nobody needs it.
      timers.after(limits.surveySharedMsMax, () => {
        if (last === made) last = undefined
      })
      return survey
    } finally {
      underWay = undefined
    }
  }

  return {
    fresh,
    recent: () =>
      last && clock.monotonic() - last.beganMs <= limits.surveySharedMsMax
        ? Promise.resolve(last.survey)
        : fresh(),
  }
}
