/** The replicas of the tests. Their ids are not in the order of their names. */

import { parseReplicaId, type ReplicaId } from '../../../crdt/dot.ts'

const replica = (text: string): ReplicaId => {
  const id = parseReplicaId(text)
  if (!id) throw new Error(`${text} is no replica id`)
  return id
}

export const alice = replica('a11ce00000000001')
export const bob = replica('0b0b000000000002')
export const carol = replica('ca60100000000003')

export const replicas = [alice, bob, carol] as const
