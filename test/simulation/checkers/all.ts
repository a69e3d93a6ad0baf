/** Every property that is checked, by its name. */

import { acknowledgedStays } from './acknowledged-stays.ts'
import { breaksForCause } from './breaks-for-cause.ts'
import { causesFirst } from './causes-first.ts'
import type { CreateChecker } from './checker.ts'
import { clockStaysNear } from './clock-stays-near.ts'
import { derivedAsRebuilt } from './derived-as-rebuilt.ts'
import { documentsFollow } from './documents-follow.ts'
import { durableBeforeShipped } from './durable-before-shipped.ts'
import { effectsLater } from './effects-later.ts'
import { equalChangesEqualDocuments } from './equal-changes-equal-documents.ts'
import { forksAreNoticed } from './forks-are-noticed.ts'
import { forksForCause } from './forks-for-cause.ts'
import { foldedIsShared } from './folded-is-shared.ts'
import { historiesApart } from './histories-apart.ts'
import { intentsOnce, type IntentBook } from './intents-once.ts'
import { neverOversold } from './never-oversold.ts'
import { nodesAgree } from './nodes-agree.ts'
import { nothingTwice } from './nothing-twice.ts'
import { oneChangeADot } from './one-change-a-dot.ts'
import { requestsOnce } from './requests-once.ts'

export const checkers = (
  book: IntentBook,
  { hasTwin }: { readonly hasTwin: boolean },
): Readonly<Record<string, CreateChecker>> => (hasTwin ? ofTwins : all(book))

/** What holds even where two processes wrote under one name. */
const ofTwins = {
  'histories apart': historiesApart,
  'forks are noticed': forksAreNoticed,
  'clock stays near': clockStaysNear,
  'breaks for cause': breaksForCause,
  'derived as rebuilt': derivedAsRebuilt,
}

const all = (book: IntentBook): Readonly<Record<string, CreateChecker>> => ({
  'forks for cause': forksForCause,
  'one change a dot': oneChangeADot,
  'durable before shipped': durableBeforeShipped,
  'nothing twice': nothingTwice,
  'causes first': causesFirst,
  'effects later': effectsLater,
  'acknowledged stays': acknowledgedStays,
  'requests once': requestsOnce,
  'never oversold': neverOversold,
  'equal changes, equal documents': equalChangesEqualDocuments,
  'clock stays near': clockStaysNear,
  'folded is shared': foldedIsShared,
  'breaks for cause': breaksForCause,
  'nodes agree': nodesAgree,
  'documents follow': documentsFollow,
  'derived as rebuilt': derivedAsRebuilt,
  'intents once': intentsOnce(book),
})
