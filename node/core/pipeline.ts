/**
 * Brings commands to the core in groups: all that wait are decided and written in one transaction and
 * pay for one sync of the disk together. What a peer sends is a group already, and is taken in slices.
 */

import { assert } from '../../crdt/assert.ts'
import type { Value } from '../../crdt/value.ts'
import type { ChangeIntake } from '../../sync/change-log.ts'
import type { Refusal } from '../errors.ts'
import { Fault } from '../fault.ts'
import type { Result } from '../result.ts'
import { createAdaptiveSize } from './adaptive-size.ts'
import type { Decide } from './capability.ts'
import type { Command, CommandResult, Core, Outcome } from './core.ts'
import { batchCommandsMax, batchCommandsMin, batchMsMax, queuedCommandsMax } from './limits.ts'
import { createSlicedIntake } from './sliced-intake.ts'

export interface Pipeline extends ChangeIntake {
  /**
   * Runs a command and resolves when its change is durable, or with the refusal. Rejects with a
   * `Fault` if the node could not do it: overloaded, shutting down, or its disk failed.
   */
  submit<Input, Answer extends Value>(
    command: Command<Input, Answer>,
  ): Promise<Result<Outcome<Answer>, Refusal>>
  /** Gives a rule the name under which other threads send its commands; answers the rule. */
  named<Input, Answer extends Value>(
    name: string,
    decide: Decide<Input, Answer>,
  ): Decide<Input, Answer>
  /** Submits a command of another thread, whose input that thread has validated. */
  submitNamed(name: string, command: Omit<Command, 'decide'>): Promise<Result<Outcome, Refusal>>
  /** How many commands wait. */
  waiting(): number
  /** Resolves when all that was submitted before is done, and takes nothing more. */
  close(): Promise<void>
}

export interface PipelineDeps {
  readonly core: Pick<Core, 'execute' | 'receive'>
  /** Runs `flush` soon, after what has arrived by now has been read: `setImmediate`. */
  readonly soon: (flush: () => void) => void
  readonly observe?: (group: { readonly commands: number; readonly ms: number }) => void
  readonly monotonic: () => number
  /** Called when the core broke, and the process must start anew. */
  readonly broken: (error: unknown) => void
}

// Methods and not function properties: the queue holds commands of all kinds, each with its own answer.
interface Waiting {
  readonly command: Command
  resolve(outcome: Result<Outcome, Refusal>): void
  reject(error: unknown): void
}

export const createPipeline = (deps: PipelineDeps): Pipeline => {
  const { core, soon, observe, monotonic, broken } = deps
  let waiting: Waiting[] = []
  const groupSize = createAdaptiveSize({
    least: batchCommandsMin,
    most: batchCommandsMax,
    msMax: batchMsMax,
  })
  let isScheduled = false
  let isClosed = false
  let drained: (() => void)[] = []

  const schedule = () => {
    if (isScheduled) return
    isScheduled = true
    soon(flush)
  }

  const flush = () => {
    isScheduled = false
    const group = waiting.slice(0, groupSize.max())
    waiting = waiting.slice(group.length)
    if (waiting.length > 0) schedule()
    if (group.length > 0) run(group)
    if (waiting.length === 0) {
      for (const resolve of drained) resolve()
      drained = []
    }
  }

  const run = (group: readonly Waiting[]) => {
    const startMs = monotonic()
    try {
      const results = core.execute(group.map(({ command }) => command))
      group.forEach((one, index) => settle(one, results[index]))
    } catch (error) {
      for (const { reject } of group) reject(error)
      reportIfBroken(error)
    }
    const ms = monotonic() - startMs
    groupSize.note({ size: group.length, ms })
    observe?.({ commands: group.length, ms })
  }

  const assertOpen = () => {
    if (isClosed) throw new Fault('shutting_down', 'The node is shutting down')
  }

  const takeSliced = createSlicedIntake({ core, soon, monotonic, assertOpen })

  const reportIfBroken = (error: unknown) => {
    if (error instanceof Fault && error.code === 'storage_failed') broken(error)
  }

  const rules = new Map<string, Decide<unknown, Value>>()

  const submit = <Input, Answer extends Value>(command: Command<Input, Answer>) =>
    new Promise<Result<Outcome<Answer>, Refusal>>((resolve, reject) => {
      if (isClosed) return reject(new Fault('shutting_down', 'The node is shutting down'))
      if (waiting.length >= queuedCommandsMax) {
        return reject(new Fault('overloaded', 'More commands wait than this node can take'))
      }
      waiting.push({ command, resolve, reject } as Waiting)
      schedule()
    })

  return {
    submit,

    named: (name, decide) => {
      // Only input that its own route has validated comes back under the name.
      rules.set(name, decide as Decide<unknown, Value>)
      return decide
    },

    submitNamed: (name, command) => {
      const decide = rules.get(name)
      assert(decide !== undefined, `a rule is named ${name}`)
      return submit({ ...command, decide })
    },

    receive: async (changes, account) => {
      assertOpen()
      try {
        return await takeSliced(changes, account)
      } catch (error) {
        // The peer keeps what we have no room for, and may have the rest of our log meanwhile.
        if (isFull(error)) return { taken: 0, alreadyKnown: 0, problems: [{ kind: 'no_room' }] }
        reportIfBroken(error)
        throw error
      }
    },

    waiting: () => waiting.length,

    close: () => {
      isClosed = true
      return waiting.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            drained.push(resolve)
          })
    },
  }
}

const isFull = (error: unknown): boolean => error instanceof Fault && error.code === 'storage_full'

const settle = ({ resolve, reject }: Waiting, result: CommandResult | undefined): void => {
  if (!result) reject(new Error('A command was not answered'))
  else if ('thrown' in result) reject(result.thrown)
  else resolve(result)
}
