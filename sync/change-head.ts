/**
 * The dot at the head of a change's bytes, read without decoding the rest.
 *
 * A session follows which changes pass by, and need not understand them: that is the node's work,
 * and it is done once, when the change is taken.
 */

import * as codec from '../crdt/codec.ts'
import { counterMax, type Dot } from '../crdt/dot.ts'
import * as decoding from 'lib0/decoding'

/** The dot of the change in `bytes`, or undefined if they do not begin as a change does. */
export const dotOf = (bytes: Uint8Array): Dot | undefined => {
  // The version byte and the replica come first in every version of a change.
  if (bytes.length < headBytesMin) return undefined
  const decoder = decoding.createDecoder(bytes)
  decoder.pos = 1
  try {
    const dot = { replica: codec.readReplica(decoder), counter: codec.readUint(decoder) }
    return dot.counter >= 1 && dot.counter <= counterMax ? dot : undefined
  } catch {
    // The counter's bytes end early or are not in their shortest form.
    return undefined
  }
}

const headBytesMin = 10
