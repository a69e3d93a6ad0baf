/** A promise that is waited for only so long. */

import type { Timers } from '../../sync/surroundings.ts'

/** Rejects if `work` has not settled in time; what it comes to after that is nobody's business. */
export const within = <T>(timers: Timers, ms: number, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const cancel = timers.after(ms, () => reject(new Error(`There was no answer in ${ms} ms`)))
    void work.then(resolve, reject).finally(cancel)
  })
