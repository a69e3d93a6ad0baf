/** What every replicated type here is: a join-semilattice with one canonical encoding. */

export interface Lattice<S> {
  /** The state that has seen nothing. */
  readonly bottom: S
  /** The least state that has seen all that either has: commutative, associative, idempotent. */
  join(a: S, b: S): S
  /** Equal states have equal bytes, whatever order they came about in. */
  encode(state: S): Uint8Array
  /** The state of these bytes. Throws a `DecodeError` for any bytes that `encode` would not write. */
  decode(bytes: Uint8Array): S
}

/** Whether two states are the same. */
export const equals = <S>({ encode }: Lattice<S>, a: S, b: S): boolean => {
  const left = encode(a)
  const right = encode(b)
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
