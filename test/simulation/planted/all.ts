/** Every bug that the simulator must find. */

import { acknowledgedAndNotApplied } from './acknowledged-and-not-applied.ts'
import { adoptedBeforeAllWasFetched } from './adopted-before-all-was-fetched.ts'
import { answeredBeforeTheSync } from './answered-before-the-sync.ts'
import { clockFollowsPoison } from './clock-follows-poison.ts'
import { clockForgotten } from './clock-forgotten.ts'
import { deltaClaimsWhatCameBefore } from './delta-claims-what-came-before.ts'
import { deltaDropped } from './delta-dropped.ts'
import { digestNotUpdated } from './digest-not-updated.ts'
import { effectOvertakesAHeldCause } from './effect-overtakes-a-held-cause.ts'
import { emptiedDocumentIsNone } from './emptied-document-is-none.ts'
import { floorKeptFromPeers } from './floor-kept-from-peers.ts'
import { floorRisesUnnoticed } from './floor-rises-unnoticed.ts'
import { foldedAndNotKept } from './folded-and-not-kept.ts'
import { forkNotNoticed } from './fork-not-noticed.ts'
import { gapNotNoticed } from './gap-not-noticed.ts'
import { heldChangeNotAskedFor } from './held-change-not-asked-for.ts'
import { intentCountedInEachRegion } from './intent-counted-in-each-region.ts'
import { intentDoneAgainOnRetry } from './intent-done-again-on-retry.ts'
import { joinForgetsCloud } from './join-forgets-cloud.ts'
import { lastFrameLostForGood } from './last-frame-lost-for-good.ts'
import { linkOfTheChangeItself } from './link-of-the-change-itself.ts'
import { pulledAndNotInTheBase } from './pulled-and-not-in-the-base.ts'
import { removalComesBack } from './removal-comes-back.ts'
import { removalNotJoined } from './removal-not-joined.ts'
import { repeatAnswersNothing } from './repeat-answers-nothing.ts'
import { replicaKeptInTheDirectory } from './replica-kept-in-the-directory.ts'
import { requestsLostInARebuild } from './requests-lost-in-a-rebuild.ts'
import { rightsGrantedTwice } from './rights-granted-twice.ts'
import { rightsOfAllSoldByEach } from './rights-of-all-sold-by-each.ts'
import { rowLeftBehind } from './row-left-behind.ts'
import { rowsNotUndone } from './rows-not-undone.ts'
import { shippedBeforeTheSync } from './shipped-before-the-sync.ts'
import { streamGoesOnAfterAHole } from './stream-goes-on-after-a-hole.ts'
import { streamNeverGoesBack } from './stream-never-goes-back.ts'
import { unsharedChangeFolded } from './unshared-change-folded.ts'
import { vectorOffByOne } from './vector-off-by-one.ts'
import type { PlantedBug } from './plant.ts'

export const planted: readonly PlantedBug[] = [
  acknowledgedAndNotApplied,
  adoptedBeforeAllWasFetched,
  answeredBeforeTheSync,
  clockFollowsPoison,
  clockForgotten,
  deltaClaimsWhatCameBefore,
  deltaDropped,
  digestNotUpdated,
  effectOvertakesAHeldCause,
  emptiedDocumentIsNone,
  floorKeptFromPeers,
  floorRisesUnnoticed,
  foldedAndNotKept,
  forkNotNoticed,
  gapNotNoticed,
  heldChangeNotAskedFor,
  intentCountedInEachRegion,
  intentDoneAgainOnRetry,
  joinForgetsCloud,
  lastFrameLostForGood,
  linkOfTheChangeItself,
  pulledAndNotInTheBase,
  removalComesBack,
  removalNotJoined,
  repeatAnswersNothing,
  replicaKeptInTheDirectory,
  requestsLostInARebuild,
  rightsGrantedTwice,
  rightsOfAllSoldByEach,
  rowLeftBehind,
  rowsNotUndone,
  shippedBeforeTheSync,
  streamGoesOnAfterAHole,
  streamNeverGoesBack,
  unsharedChangeFolded,
  vectorOffByOne,
]
