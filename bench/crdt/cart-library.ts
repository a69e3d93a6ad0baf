/** What the cart benchmark asks of each library: a replica of one cart, lines and quantities. */

export interface CartLibrary {
  readonly name: string
  /** A new replica of an empty cart; the number tells replicas apart. */
  readonly open: (replica: number) => CartReplica
}

export interface CartReplica {
  /** Puts `quantity` more into a line, and answers the update that others are sent. */
  add(line: string, quantity: number): Uint8Array
  /** Takes a line out, and answers the update that others are sent. */
  remove(line: string): Uint8Array
  apply(update: Uint8Array): void
  /** What would be written to disk to have the cart back. */
  stored(): Uint8Array
  quantities(): ReadonlyMap<string, number>
}
