/** Random lives of a few cores: what they do, hear and fold, step by step. */

import * as fc from 'fast-check'
import { expect } from 'vitest'
import type { Command } from '../../../../node/core/core.ts'
import { mark, rename, spend, stock, tag, unmark, untag } from './note.ts'
import { meet, type TestCore } from './test-core.ts'

const id = fc.constantFrom('n', 'm')
const word = fc.constantFrom('a', 'b', 'c')
export const command: fc.Arbitrary<Command> = fc.oneof(
  fc.tuple(id, word).map(([id, text]) => rename(id, text)()),
  fc.tuple(id, word).map(([id, text]) => tag(id, text)()),
  fc.tuple(id, word).map(([id, text]) => untag(id, text)()),
  fc.tuple(id, word, word).map(([id, key, text]) => mark(id, key, text)()),
  fc.tuple(id, word).map(([id, key]) => unmark(id, key)()),
  fc.tuple(id, fc.integer({ min: 1, max: 9 })).map(([id, units]) => stock(id, units)()),
  fc.tuple(id, fc.integer({ min: 1, max: 4 })).map(([id, units]) => spend(id, units)()),
)

const who = fc.nat({ max: 2 })

export type Step =
  | { readonly do: 'execute'; readonly at: number; readonly commands: readonly Command[] }
  | { readonly do: 'send'; readonly from: number; readonly to: number; readonly bytesMax: number }
  | { readonly do: 'wait'; readonly at: number; readonly ms: number }
  /** `share` of what each replica's log has, in steps of `changesMax`. */
  | {
      readonly do: 'fold'
      readonly at: number
      readonly share: number
      readonly changesMax: number
    }

const execute = fc.record({
  do: fc.constant('execute' as const),
  at: who,
  commands: fc.array(command, { minLength: 1, maxLength: 4 }),
})
const hear = fc.record({
  do: fc.constant('send' as const),
  from: who,
  to: who,
  bytesMax: fc.integer({ min: 1, max: 2_000 }),
})
const wait = fc.record({
  do: fc.constant('wait' as const),
  at: who,
  ms: fc.integer({ min: -50, max: 500 }),
})
const fold = fc.record({
  do: fc.constant('fold' as const),
  at: who,
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  changesMax: fc.integer({ min: 1, max: 5 }),
})

export const step: fc.Arbitrary<Step> = fc.oneof(execute, hear, wait)
export const stepWithFolding: fc.Arbitrary<Step> = fc.oneof(execute, hear, wait, fold)

export const perform = (cores: readonly TestCore[], one: Step): void => {
  switch (one.do) {
    case 'execute':
      cores[one.at]!.execute(one.commands)
      return
    case 'send':
      if (one.from !== one.to) meet(cores[one.from]!, cores[one.to]!, one.bytesMax)
      return
    case 'wait':
      cores[one.at]!.clock.ms += one.ms
      return
    case 'fold':
      foldShare(cores[one.at]!, one)
  }
}

/** Folds this share of each replica's log. */
export const foldShare = (
  core: TestCore,
  { share, changesMax }: { readonly share: number; readonly changesMax: number },
): void => {
  const upTo = new Map(
    [...core.state().heads].map(([replica, { counter }]) => {
      const from = core.floor().get(replica)?.counter ?? 0
      return [replica, from + Math.floor((counter - from) * share)]
    }),
  )
  while (core.fold({ upTo, changesMax }).isMore);
}

export const bytesOf = ({ store }: TestCore) =>
  new Map(Array.from(store.scanDocuments(), ({ id, bytes }) => [id, Buffer.from(bytes)]))

export const expectEqual = (a: TestCore, b: TestCore) => {
  expect(b.digest()).toBe(a.digest())
  expect(bytesOf(b)).toEqual(bytesOf(a))
  expect(b.rows()).toEqual(a.rows())
}
