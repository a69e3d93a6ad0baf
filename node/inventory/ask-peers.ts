/**
 * How this node asks others something and gets an answer, or does not in time. What they do about it
 * comes back by the ordinary stream of changes; the answer only says what to wait for.
 */

import type { ReplicaId } from '../../crdt/dot.ts'

export interface AskPeers {
  /** The nodes that can be asked now, each with the replica that it is. */
  peers(): readonly AskedPeer[]
  /**
   * Sends `question` to a peer and resolves with what its `Answering` made of it. Rejects if the peer
   * is not there, knows no such topic, or has not answered when `deadlineMs` have passed; whether it
   * acted is then not known.
   */
  ask(peer: string, topic: string, question: Uint8Array, deadlineMs: number): Promise<Uint8Array>
}

export interface AskedPeer {
  readonly name: string
  readonly replica: ReplicaId
}

/** The answering side of one topic. A question that makes no sense is answered by throwing. */
export type Answering = (question: Uint8Array, from: AskedPeer) => Promise<Uint8Array>

/** A node that knows nobody whom it could ask. */
export const nobody: AskPeers = {
  peers: () => [],
  ask: () => Promise.reject(new Error('There is nobody to ask')),
}
