/** Files as tests need them: bytes in chunks of any size. */

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The bytes in chunks of `sizes`, over and over, each in memory that is scribbled over afterwards. */
export async function* inChunks(
  bytes: Uint8Array | string,
  sizes: readonly number[] = [64 * 1024],
): AsyncGenerator<Uint8Array, void, undefined> {
  const all = typeof bytes === 'string' ? bytesOf(bytes) : bytes
  let at = 0
  for (let index = 0; at < all.length; index += 1) {
    const chunk = all.slice(at, at + (sizes[index % sizes.length] ?? 1))
    at += chunk.length
    yield chunk
    // A stream may use a chunk's memory again: a reader that kept a view of it is found out.
    chunk.fill(0x7e)
  }
}

export const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
