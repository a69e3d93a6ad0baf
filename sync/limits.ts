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

/** Bytes waiting in our own socket above which the log is not read on: the kernel has enough to send. */
export const bufferedBytesHigh = mebibyte

/** Bytes waiting in our own socket at which the peer is given up: it asks but does not read. */
export const bufferedBytesMax = 8 * mebibyte

/** Replicas in one vector: heads of so many still fit a frame. A node mints one at every start. */
export const replicasMax = 5_000

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

/** Silence after which a session yields to a new one of the same node, which has likely lost it. */
export const staleMsMin = 2 * beatEveryMs

/** How often a session looks at the clock; every deadline is late by at most this. */
export const tickMs = 500

/** Between two restarts of a stream, so that a gap that cannot be closed makes no storm. */
export const wantEveryMsMin = 1_000

/** Before a change that was too far ahead is asked for again, at least and at most: the most, because our own clock may be the one that is put right. */
export const aheadRetryMsMin = 5_000
export const aheadRetryMsMax = 30_000

/** The first and the last step of the back-off between dials, before jitter. */
export const backOffMsMin = 250
export const backOffMsMax = 10_000

/** The back-off's last step towards a peer that cut the link: a drill ends when its operator says so, and both sides should see it soon. */
export const cutBackOffMsMax = 2_000

/** A session that lived less than this does not reset the back-off, or a flapping link would be dialled without pause. */
export const stableMsMin = 5_000

/** Failed dials after which an address known by hearsay is forgotten; configured ones are dialled for ever. */
export const hearsayDialsMax = 20
