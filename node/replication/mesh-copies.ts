/** The copies that other nodes have said they hold: their acknowledgements, as the mesh was told them. */

import { bottom, has } from '../../crdt/version-vector.ts'
import type { Dot } from '../../crdt/dot.ts'
import type { Mesh, PeerDurability } from '../../sync/mesh.ts'
import type { Timers } from '../../sync/surroundings.ts'
import type { MergedStore } from '../merged/merged-store.ts'
import type { Copies } from './copies.ts'

export interface MeshCopies extends Copies {
  /** To be called when a node has said that more of our log is on its disk. */
  acknowledged(): void
}

export interface MeshCopiesDeps {
  /** Undefined for a node that has no others. */
  readonly mesh: () => Pick<Mesh, 'durability'> | undefined
  /** Undefined for a node without a merged store, which is a copy like another node. */
  readonly merged?: () => Pick<MergedStore, 'archived' | 'isConnected'> | undefined
  /** Nodes that were declared gone: what they hold is no copy to count on. */
  readonly isGone: (name: string) => boolean
  readonly timers: Timers
}

export const createMeshCopies = ({
  mesh,
  merged = () => undefined,
  isGone,
  timers,
}: MeshCopiesDeps): MeshCopies => {
  /** Those who wait, each looking again when something was acknowledged. */
  const waiting = new Set<() => void>()

  const others = (): readonly Pick<PeerDurability, 'durable' | 'isConnected'>[] => {
    const store = merged()
    return [
      ...(mesh()?.durability() ?? []).filter(({ name }) => !isGone(name)),
      ...(store ? [{ durable: store.archived(), isConnected: store.isConnected() }] : []),
    ]
  }
  const isMerged = (dot: Dot): boolean => has(merged()?.archived() ?? bottom, dot)
  const copies = (dot: Dot): number => others().filter(({ durable }) => has(durable, dot)).length

  return {
    copies,
    isMerged,
    waitForCopy: (dot, ms) => {
      const found = copies(dot)
      if (found > 0 || !others().some(({ isConnected }) => isConnected))
        return Promise.resolve(found)
      return new Promise((resolve) => {
        const settle = () => {
          waiting.delete(look)
          cancel()
          resolve(copies(dot))
        }
        const look = () => {
          if (copies(dot) > 0) settle()
        }
        const cancel = timers.after(ms, settle)
        waiting.add(look)
      })
    },
    acknowledged: () => {
      for (const look of waiting) look()
    },
  }
}
