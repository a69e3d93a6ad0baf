/** Every bound of replication, each with its reason. Times are milliseconds of the monotonic clock. */

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

/** The largest frame: small enough that a beat behind it waits milliseconds even on a slow line. */
export const frameBytesMax = 256 * kibibyte

/** The largest frame before a peer has proved that it belongs here: a stranger may cost us this much. */
export const greetingBytesMax = kibibyte

/** The largest change that fits a frame with room for the frame's own head; a node must not make a larger one. */
export const changeBytesMax = frameBytesMax - kibibyte

/** How much of the log is read for one frame; the rest of the frame is for the lengths between changes. */
export const readBytesMax = 240 * kibibyte

/** How much may be sent to a peer beyond what it has acknowledged: a fast line's worth of round trips, and all that a dead peer can make us resend. */
export const inFlightBytesMax = 16 * mebibyte

/** What is received and not yet applied before the socket is read no more: two batches, so that one fills while the other is fsynced. */
export const receivedBytesMax = 2 * mebibyte

/** The same in frames, because a frame of one small change costs more than its bytes. */
export const receivedFramesMax = 256

/** How much is applied in one go: large enough to share an fsync, small enough not to hold up shoppers. */
export const batchBytesMax = mebibyte

/** The length of a question or an answer: a few numbers and names, not data. */
export const questionBytesMax = 4 * kibibyte

/** Questions of one session that wait for an answer, in each direction: who asks more is not helped by asking. */
export const questionsMax = 256

/** Bytes waiting in our own socket above which the log is not read on: the kernel has enough to send. */
export const bufferedBytesHigh = mebibyte

/** Bytes waiting in our own socket at which the peer is given up: it asks but does not read. */
export const bufferedBytesMax = 8 * mebibyte

/** Replicas in one vector: heads of so many, each with its floor, still fit a frame. A node mints one at every start. */
export const replicasMax = 4_500

/** Document kinds in one `ready`: far more than a shop has. */
export const schemasMax = 256

/** The length of a document kind's name, in UTF-8. */
export const kindBytesMax = 64

/** The length of a digest in hexadecimal digits, up to SHA-512. */
export const digestDigitsMax = 128

/** Capabilities in a hello, and the length of each: a hello stays within a greeting. */
export const capabilitiesMax = 8
export const capabilityCharsMax = 31

/** Addresses that a node says it has: an inner, an outer, a spare; more would not fit a greeting. */
export const ownAddressesMax = 3

/** The length of an address in UTF-8: the longest host name would not fit a greeting thrice. */
export const addressBytesMax = 200

/** Addresses in one `peers` frame: a mesh is regions, not machines. */
export const gossipMax = 32

/** Addresses a mesh keeps dialling, so that gossip cannot make it dial the world. */
export const addressesMax = 64

/** Names a mesh keeps a record of. */
export const peersMax = 64

/** Accepted connections that have not authenticated: each may hold one frame of memory for the deadline. */
export const strangersMax = 64

/** The length of a refusal's sentence, in UTF-8. */
export const sentenceBytesMax = 240

/** From the open connection, or from the dial, to being authenticated and ready. */
export const greetingMsMax = 5_000

/** How often a peer hears from us when there is nothing to say. */
export const beatEveryMs = 2_000

/** Silence after which a peer is taken for gone: five beats, and the detection time of a one-way partition. */
export const silenceMsMax = 10_000

/** The first cut of a survey, in halvings: fingerprints of 2,048 ranges take 16 KiB and some 7 ms to make. */
export const surveyLevelMax = 11

/** Ranges in one `compare`: cut into 16 each, they cost the answering side no more than a survey does. */
export const comparedMax = 128

/** Ranges in one `fetch`: all of a survey, for a peer that has nothing. */
export const fetchedRangesMax = 2 ** surveyLevelMax

/** The bytes of one `fetch`: the rest of the frame is for its head. */
export const fetchBytesMax = 240 * kibibyte

/** Ranges found to differ that are kept before they are fetched: two requests' worth. */
export const foundMax = 2 * fetchedRangesMax

/** Documents asked of the node in one go. Reading this many small ones takes a few milliseconds. */
export const readKeysMax = 256

/** The largest document that travels: sixteen times the largest change. */
export const documentBytesMax = 4 * mebibyte

/** The length of a document's id, in UTF-8: ids are keys of tables, not texts. */
export const documentIdBytesMax = kibibyte

/** How much of documents may be sent to a peer beyond what it has joined: a document of the largest size, and a fast line's worth of small ones meanwhile. */
export const documentsInFlightBytesMax = 8 * mebibyte

/** Without a word on a pull for so long, something was lost and is asked for again; then twice as long, and so on. Two beats, and half a beat for the way. */
export const pullStallMs = 5_000

/** Stalls in a row after which a pull is given up: about two and a half minutes. */
export const pullStallsMax = 4

/** Between two pulls, so that a peer whose floor rises meanwhile, or that says so, makes no storm. */
export const pullEveryMsMin = 1_000

/** After a pull that did not succeed, before the next one: at first and, doubling, at most. */
export const pullAgainMsMin = 10_000
export const pullAgainMsMax = 10 * 60_000

/** The same after a pull that did not make documents equal whose changes are: it costs as much each time, and may never help. */
export const repairAgainMsMin = 60_000
export const repairAgainMsMax = 60 * 60_000

/** A survey that nobody has asked about for so long is dropped: longer than a puller takes to give up. */
export const surveyIdleMsMax = 5 * 60_000

/** Pullers that come at one time share a survey that is no older than this. */
export const surveySharedMsMax = 5_000

/** Before other peers are told what was taken from one, so that a few batches share a frame. */
export const announceAfterMs = 10

/** Before what was taken from one peer is sent to the others: in a full mesh they get it from where it was made, and say so by then. */
export const forwardAfterMs = 60

/** How often that wait begins anew while more comes, so that under steady load little of what is sent is too young to have been told of. */
export const forwardRestsMax = 4

/** Silence after which a session yields to a new one of the same node, which has likely lost it. */
export const staleMsMin = 2 * beatEveryMs

/** How often a session looks at the clock; every deadline is late by at most this. */
export const tickMs = 500

/** Between two restarts of a stream, so that a gap that cannot be closed makes no storm. */
export const wantEveryMsMin = 1_000

/** Before a change that was too far ahead is asked for again, at least and at most: the most, because our own clock may be the one that is put right. */
export const aheadRetryMsMin = 5_000
export const aheadRetryMsMax = 30_000

/** Before changes are asked for again that our full disk had no room for: it heals within seconds of getting some. */
export const noRoomRetryMs = 2_000

/** The first and the last step of the back-off between dials, before jitter. */
export const backOffMsMin = 250
export const backOffMsMax = 10_000

/** The back-off's last step towards a peer that cut the link: a drill ends when its operator says so, and both sides should see it soon. */
export const cutBackOffMsMax = 2_000

/** A session that lived less than this does not reset the back-off, or a flapping link would be dialled without pause. */
export const stableMsMin = 5_000

/** Failed dials after which an address known by hearsay is forgotten; configured ones are dialled for ever. */
export const hearsayDialsMax = 20
