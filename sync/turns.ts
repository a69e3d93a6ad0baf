/**
 * Who may pull: one session of a node at a time, in the order in which they asked. What one peer
 * brings need then not be fetched from the next, and the documents on their way in stay bounded.
 */

export interface Turns<One> {
  /** Calls `grant` when the turn has come, which may be at once. */
  ask(one: One, grant: () => void): void
  /** Ends the turn, or the waiting for it; of no account for whoever has neither. */
  end(one: One): void
  /** Whether it is somebody's turn. */
  isTaken(): boolean
}

export const createTurns = <One>(): Turns<One> => {
  const grantsInOrder = new Map<One, () => void>()
  let holder: One | undefined

  const passOn = (): void => {
    const [next] = grantsInOrder
    if (holder !== undefined || !next) return
    const [one, grant] = next
    grantsInOrder.delete(one)
    holder = one
    grant()
  }

  return {
    ask: (one, grant) => {
      grantsInOrder.set(one, grant)
      passOn()
    },
    end: (one) => {
      grantsInOrder.delete(one)
      if (holder !== one) return
      holder = undefined
      passOn()
    },
    isTaken: () => holder !== undefined,
  }
}
