/**
 * The gate of flash sales: whether anything is left, as numbers in memory that workers can share. Who
 * finds it closed is told so without a look at anything else; the writer never hears of it.
 *
 * It says what the last look at the stock found, so it may let somebody in who then gets nothing, and
 * for a moment keep somebody out for whom a unit just came back. What is sold is decided by the rights
 * to sell alone.
 */

export interface Gate {
  /** Whether sales are on and nothing of any of them is left. */
  isClosed(): boolean
  /** The units left in the sale at `slot`. */
  left(slot: number): number
  /** Says what is left of each sale that is on. */
  set(left: readonly number[]): void
  /** For a worker's own `openGate`. */
  readonly memory: SharedArrayBuffer
}

// How many sales are on, how many of them have something left, then what is left of each.
const salesOn = 0
const salesOpen = 1
const firstSlot = 2

export const createGate = (slots: number): Gate =>
  openGate(new SharedArrayBuffer((firstSlot + slots) * Int32Array.BYTES_PER_ELEMENT))

/** The gate that another thread made. */
export const openGate = (memory: SharedArrayBuffer): Gate => {
  const numbers = new Int32Array(memory)
  return {
    memory,
    isClosed: () => Atomics.load(numbers, salesOn) > 0 && Atomics.load(numbers, salesOpen) === 0,
    left: (slot) => Atomics.load(numbers, firstSlot + slot),
    set: (left) => {
      const known = left.slice(0, numbers.length - firstSlot)
      known.forEach((units, slot) => Atomics.store(numbers, firstSlot + slot, clamped(units)))
      // Opened before it is said that sales are on: in between, nobody is turned away.
      Atomics.store(numbers, salesOpen, known.filter((units) => units > 0).length)
      Atomics.store(numbers, salesOn, known.length)
    },
  }
}

const clamped = (units: number): number => Math.min(Math.max(units, 0), 0x7fff_ffff)
