/**
 * Lines out of a stream of bytes, each with its number, in memory that does not grow with the stream.
 *
 * A line that is too long or not UTF-8 becomes a fault of that line alone; the lines after it are
 * read as if it were not there.
 */

import { TextDecoder } from 'node:util'

export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly fault: string }

export interface LinesOptions {
  readonly lineBytesMax?: number
  /** Lines up to this number are passed over without being decoded. */
  readonly afterLine?: number
}

/** A product with every field at its limit takes a third of this; what is longer is not a product. */
export const lineBytesMax = 1024 * 1024

/** Every line, in order, without its LF or CRLF. A byte order mark is dropped. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  { lineBytesMax: bytesMax = lineBytesMax, afterLine = 0 }: LinesOptions = {},
): AsyncGenerator<Line, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let number = 1
  let pieces: Uint8Array[] = []
  let bytes = 0

  // Bytes beyond the limit are counted but not kept: that is what bounds the memory.
  const keep = (piece: Uint8Array): void => {
    bytes += piece.length
    if (bytes <= bytesMax + carriageReturnBytes) pieces.push(piece)
    else pieces = []
  }

  const finish = (): Line | undefined => {
    const line =
      number > afterLine ? decodeLine(decoder, { number, pieces, bytes, bytesMax }) : undefined
    number += 1
    pieces = []
    bytes = 0
    return line
  }

  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      keep(chunk.subarray(start, end))
      const line = finish()
      if (line) yield line
      start = end + 1
    }
    // The rest is copied, because the stream may use the chunk's memory again.
    if (start < chunk.length) keep(chunk.slice(start))
  }
  const last = bytes > 0 ? finish() : undefined
  if (last) yield last
}

const newline = 0x0a
const carriageReturn = 0x0d
const carriageReturnBytes = 1

interface RawLine {
  readonly number: number
  readonly pieces: readonly Uint8Array[]
  readonly bytes: number
  readonly bytesMax: number
}

const decodeLine = (decoder: TextDecoder, raw: RawLine): Line => {
  const { number, pieces, bytesMax } = raw
  const joined = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  const endsInReturn = joined.at(-1) === carriageReturn
  const bytes = raw.bytes - (endsInReturn ? carriageReturnBytes : 0)
  if (bytes > bytesMax) {
    return { number, fault: `the line has more than ${bytesMax} bytes` }
  }
  try {
    const text = decoder.decode(endsInReturn ? joined.subarray(0, -1) : joined)
    return { number, text: number === 1 && text.startsWith(byteOrderMark) ? text.slice(1) : text }
  } catch {
    return { number, fault: 'the line is not UTF-8' }
  }
}

const byteOrderMark = '\ufeff'
