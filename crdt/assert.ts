/** Stops the program when something that must hold does not: a broken invariant is our bug, not a case to handle. */
export function assert(condition: boolean, whatShouldHold: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant: ${whatShouldHold}`)
}
