/**
 * Whether a recorded history of concurrent operations could have happened one at a time: each at some
 * moment between its call and its return, with the answers that it gave.
 *
 * Source: Wing, Gong, "Testing and verifying concurrent objects", 1993; states that were tried with the
 * same operations done are not tried again, as in Lowe, "Testing for linearizability", 2017.
 */

export interface Operation {
  readonly calledNs: bigint
  readonly returnedNs: bigint
  readonly what: string
  readonly given: number
  readonly answered: number
}

/** A sequential object: what it answers, and what it is then. States are told apart by their text. */
export interface Model {
  readonly start: string
  readonly step: (
    state: string,
    operation: Operation,
  ) => { readonly answer: number; readonly state: string }
}

/** An order in which the history could have happened; undefined if there is none. At most 30 operations. */
export const linearize = (
  history: readonly Operation[],
  model: Model,
): readonly Operation[] | undefined => {
  const all = history.length
  const failed = new Set<string>()

  const search = (
    done: number,
    state: string,
    order: readonly Operation[],
  ): typeof order | undefined => {
    if (order.length === all) return order
    const key = `${done}/${state}`
    if (failed.has(key)) return undefined
    // Whatever was called after some pending operation returned must come after it.
    const pending = history.filter((_, index) => (done & (1 << index)) === 0)
    const firstReturn = pending.reduce(
      (least, { returnedNs }) => (returnedNs < least ? returnedNs : least),
      pending[0]!.returnedNs,
    )
    for (const [index, operation] of history.entries()) {
      if ((done & (1 << index)) !== 0 || operation.calledNs > firstReturn) continue
      const { answer, state: next } = model.step(state, operation)
      if (answer !== operation.answered) continue
      const found = search(done | (1 << index), next, [...order, operation])
      if (found) return found
    }
    failed.add(key)
    return undefined
  }

  return search(0, model.start, [])
}
