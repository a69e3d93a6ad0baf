/**
 * Why a session ends: every code that may travel in a `refuse` frame or be reported of a peer.
 *
 * The table is the documentation: what each code says, and what the side that dialled does next.
 */

export interface Refusal {
  readonly sentence: string
  /** `soon`: with back-off; `rarely`: at the back-off's last step, an operator must act; `not_now`: while another session or a drill stands in its place; `never`. */
  readonly redial: 'soon' | 'rarely' | 'not_now' | 'never'
}

export const refusals = {
  bad_cluster_key: { sentence: 'The nodes do not have the same cluster key.', redial: 'rarely' },
  bad_version: { sentence: 'The nodes have no protocol version in common.', redial: 'rarely' },
  self: { sentence: 'The address leads back to this node.', redial: 'never' },
  name_in_use: { sentence: 'Two nodes have one name or one replica.', redial: 'rarely' },
  duplicate: { sentence: 'Another session between these nodes is in use.', redial: 'not_now' },
  superseded: { sentence: 'A newer session has taken the place of this one.', redial: 'not_now' },
  cut: { sentence: 'An operator has cut this link.', redial: 'soon' },
  too_many_peers: { sentence: 'The node has as many peers as it takes.', redial: 'rarely' },
  too_many_replicas: {
    sentence: 'The log names more replicas than a frame holds.',
    redial: 'rarely',
  },
  too_far_behind: {
    sentence: 'The peer lacks changes that were folded, and speaks no version that reconciles.',
    redial: 'rarely',
  },
  new_replica: { sentence: 'The node goes on as another replica.', redial: 'soon' },
  protocol_violation: { sentence: 'A frame was malformed or out of turn.', redial: 'soon' },
  corrupt_change: { sentence: 'A change is not as it was written.', redial: 'soon' },
  late: { sentence: 'The greeting took too long.', redial: 'soon' },
  silent: { sentence: 'Nothing was heard for too long.', redial: 'soon' },
  slow_reader: { sentence: 'The peer does not read what it is sent.', redial: 'soon' },
  storage_failed: { sentence: 'The node could not read or write its log.', redial: 'soon' },
  shutting_down: { sentence: 'The node is shutting down.', redial: 'soon' },
  connection_lost: { sentence: 'The connection was lost or never made.', redial: 'soon' },
} as const satisfies Record<string, Refusal>

export type RefusalCode = keyof typeof refusals

/** What went wrong with a peer, for an operator: a stable code and a sentence. */
export interface Problem {
  readonly code: RefusalCode | ReportCode
  readonly detail: string
}

/** What is wrong although the session goes on. */
export type ReportCode =
  /** Two histories under one replica: it is neither sent nor taken in this session. */
  | 'fork'
  /** Our node has put this replica into quarantine before. */
  | 'quarantined'
  /** Changes are held back because their time is too far ahead of our clock. */
  | 'too_far_ahead'
  /** Our disk is full: what the peer sends is asked for again later. */
  | 'no_room'
  /** Frames were lost on the way or changes did not follow; the stream was restarted. */
  | 'gap'
  /** Equal vectors, different documents. */
  | 'divergent'
  /** A pull of documents did not succeed; it will be tried again. */
  | 'not_reconciled'
  /** A change of our own log does not fit a frame. */
  | 'unsendable'
  /** The peer writes documents of a schema that is newer than ours. */
  | 'schema_newer'

export const isRefusalCode = (text: string): text is RefusalCode => Object.hasOwn(refusals, text)

/** The problem of `code`, in the table's words unless there is more to say. */
export const problem = (code: RefusalCode, detail: string = refusals[code].sentence): Problem => ({
  code,
  detail,
})
