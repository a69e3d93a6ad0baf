/** How long to wait before something that failed is tried again: longer each time, and never all at once. */

/** Half of the wait is chance, so that nodes that failed together do not come back together. */
export const waitMs = (
  failures: number,
  { min, max }: { readonly min: number; readonly max: number },
  chance: number,
): number => {
  const full = Math.min(max, min * 2 ** Math.min(failures - 1, 30))
  return Math.round(full / 2 + (full / 2) * chance)
}

/** A number from 0 up to 1, of four random bytes. */
export const chanceOf = (random: (bytes: number) => Uint8Array): number => {
  const bytes = random(4)
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32
}
