/**
 * Has every replica that this node becomes tell the others which node it is: at the start, and when it
 * goes on as another one after a full disk or a fork.
 */

import type { ReplicaId } from '../../crdt/dot.ts'
import type { Timers } from '../../sync/surroundings.ts'
import type { Core } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { introduceAgainMs } from './limits.ts'
import { openReplica } from './replica.ts'

export interface Introduction {
  /** Resolves when the replica has told its node; rejects if it cannot be written. */
  begin(): Promise<void>
  /** Sees to it that whoever we are by now has told; cheap, to be called after every commit. */
  check(): void
  close(): void
}

export interface IntroductionDeps {
  readonly core: Pick<Core, 'replica'>
  readonly pipeline: Pick<Pipeline, 'submit'>
  /** The node's name. */
  readonly node: string
  readonly timers: Timers
}

export const createIntroduction = (deps: IntroductionDeps): Introduction => {
  const { core, pipeline, node, timers } = deps
  let introduced: ReplicaId | undefined
  let isAtIt = false
  let isClosed = false
  let cancel: () => void = () => undefined

  const begin = async (): Promise<void> => {
    let told = core.replica()
    await pipeline.submit({
      decide: (world, input: { readonly node: string }) => {
        // It may be another by now than when this was submitted.
        told = world.replica
        return openReplica(world, input)
      },
      input: { node },
      actor: `node/${node}`,
    })
    introduced = told
  }

  const beginAnew = async (): Promise<void> => {
    isAtIt = true
    try {
      await begin()
      isAtIt = false
    } catch {
      // The disk is still full, or the node is stopping.
      if (isClosed) return
      cancel = timers.after(introduceAgainMs, () => {
        isAtIt = false
        check()
      })
    }
  }

  const check = (): void => {
    if (isAtIt || introduced === undefined || core.replica() === introduced) return
    void beginAnew()
  }

  return {
    begin,
    check,
    close: () => {
      isClosed = true
      cancel()
    },
  }
}
