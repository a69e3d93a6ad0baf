/** Lines out of a stream of bytes, in memory that the longest allowed line bounds. */

export interface Line {
  /** Counts from 1 and counts blank lines too, so that it is the number an editor shows. */
  readonly number: number
  /** Without the line break. They may be a view of a larger buffer: copy what is to be kept. */
  readonly bytes: Uint8Array
  /** The line was longer than allowed: its bytes were dropped and `bytes` is empty. */
  readonly overlong: boolean
}

const lineFeed = 10
const carriageReturn = 13
const byteOrderMark = [0xef, 0xbb, 0xbf]
const none = new Uint8Array()

/**
 * The lines of `chunks` that are not blank. An overlong line is reported and the next one read on,
 * so that one bad line of an import does not take the good ones with it.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  { lineBytesMax }: { readonly lineBytesMax: number },
): AsyncGenerator<Line> {
  let number = 0
  let parts: Uint8Array[] = []
  let partsBytes = 0
  let overlong = false

  const take = (part: Uint8Array): void => {
    if (overlong || part.length === 0) return
    if (partsBytes + part.length > lineBytesMax) {
      overlong = true
      parts = []
      partsBytes = 0
      return
    }
    parts.push(part)
    partsBytes += part.length
  }
  const finish = (): Line => {
    number += 1
    const [only] = parts
    const joined = parts.length > 1 || only === undefined ? Buffer.concat(parts) : only
    const line = overlong
      ? { number, bytes: none, overlong }
      : { number, bytes: trimmed(joined, number === 1), overlong }
    parts = []
    partsBytes = 0
    overlong = false
    return line
  }

  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      take(chunk.subarray(start, end))
      const line = finish()
      if (!isBlank(line)) yield line
      start = end + 1
    }
    take(chunk.subarray(start))
  }
  // The last line needs no line break.
  const line = finish()
  if (!isBlank(line)) yield line
}

// Files from Windows end their lines in two characters, and begin with a mark that is no content.
const trimmed = (bytes: Uint8Array, isFirst: boolean): Uint8Array => {
  const start = isFirst && byteOrderMark.every((byte, at) => bytes[at] === byte) ? 3 : 0
  const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length
  return bytes.subarray(start, Math.max(start, end))
}

const isBlank = ({ bytes, overlong }: Line): boolean =>
  !overlong && bytes.every((byte) => byte === 0x20 || byte === 0x09)
