/** An effect has a later time than its cause: the clock that orders all writes agrees with causality. */

import * as hlc from '../../../crdt/hybrid-logical-clock.ts'
import { timestampOf } from '../../../sync/change.ts'
import type { CreateChecker } from './checker.ts'

export const effectsLater: CreateChecker = (report, chronicle) => ({
  durable: ({ appended }) => {
    for (const { known, isNew } of appended) {
      if (!isNew) continue
      const time = timestampOf(known.change)
      for (const [replica, counter] of known.causes) {
        // Times of one replica rise, which is found here too: its last change is a cause of the next.
        const cause = chronicle.find({ replica, counter })
        if (!cause || hlc.compare(timestampOf(cause.change), time) < 0) continue
        report(`${known.key} is not later than its cause ${cause.key}`)
        break
      }
    }
  },
})
