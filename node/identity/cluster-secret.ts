/**
 * The secret that a node's identity keys are derived from: the cluster key, which all nodes share; a
 * node without one draws a secret of its own, once, and keeps it in its data directory.
 *
 * Whoever gives such a node a cluster key later changes the ids of its accounts: the first admin is
 * then made anew, and others sign up again.
 */

import { join } from 'node:path'
import { readPrivateFile, writePrivateFile } from './private-file.ts'

export const clusterSecretBytes = 32

export const loadClusterSecret = ({
  clusterKey,
  dataDir,
  random,
}: {
  readonly clusterKey?: Uint8Array | undefined
  readonly dataDir: string
  readonly random: (bytes: number) => Uint8Array
}): Uint8Array => {
  if (clusterKey) return clusterKey
  const path = join(dataDir, 'cluster-secret')
  const kept = readPrivateFile(path)
  if (kept !== undefined) return parse(kept, path)
  const secret = random(clusterSecretBytes)
  writePrivateFile(path, `${Buffer.from(secret).toString('hex')}\n`)
  return secret
}

// A secret that is cut short must not be made good by a new one: every account would be lost.
const parse = (text: string, path: string): Uint8Array => {
  const hex = text.trim()
  if (hex.length !== clusterSecretBytes * 2 || !/^[0-9a-f]+$/.test(hex)) {
    throw new Error(`${path} does not hold a secret: restore it, or remove it to begin anew`)
  }
  return new Uint8Array(Buffer.from(hex, 'hex'))
}
