/** Asks other nodes through the mesh: what `AskPeers` stands for in a running node. */

import type { Mesh } from '../../sync/mesh.ts'
import type { AskPeers } from '../inventory/ask-peers.ts'

export const askThrough = (mesh: () => Pick<Mesh, 'ask' | 'askable'> | undefined): AskPeers => ({
  peers: () => mesh()?.askable() ?? [],
  ask: (peer, topic, question, deadlineMs) =>
    mesh()?.ask(peer, topic, question, deadlineMs) ??
    Promise.reject(new Error('This node belongs to no cluster')),
})
