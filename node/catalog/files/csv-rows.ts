/**
 * Rows of a CSV file (RFC 4180), each with the number of the line it starts on, in bounded memory.
 *
 * Why not a general CSV parser: those stop at the first row they cannot read, and a quote that is
 * never closed swallows the rest of the file. Here such a row is a fault of its first line alone, and
 * reading goes on with the line after it. As in most programs that write CSV, a quote inside a field
 * that does not begin with one is a plain character (`5" screen`).
 */

import { lineBytesMax, readLines, type Line } from './lines.ts'

export type CsvRow =
  | { readonly line: number; readonly fields: readonly string[] }
  | { readonly line: number; readonly fault: string }

/** Every row that is not blank, in order of its first line. */
export async function* readCsvRows(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<CsvRow, void, undefined> {
  const source = readLines(chunks)
  try {
    yield* rowsOf(source)
  } finally {
    // Closes the file behind the lines when the reader stops early.
    await source.return()
  }
}

async function* rowsOf(
  source: AsyncIterator<Line, void, undefined>,
): AsyncGenerator<CsvRow, void, undefined> {
  // The lines of a row whose quote is still open, and where its scan stands.
  let open: { readonly lines: Line[]; scan: RowScan } | undefined

  // Lines to read again after a broken row; at most a row's worth, because that bounds `open`.
  const again: Line[] = []

  for (;;) {
    const line = again.shift() ?? (await nextLine(source))
    if (line === undefined && open === undefined) return

    if (open === undefined) {
      if (line === undefined || !isText(line)) {
        if (line) yield { line: line.number, fault: line.fault }
        continue
      }
      if (line.text.trim() === '') continue
      open = { lines: [line], scan: scanLine(startOfRow, line.text) }
    } else if (line !== undefined && isText(line) && open.scan.chars <= lineBytesMax) {
      open.lines.push(line)
      open.scan = scanLine(open.scan, line.text)
    } else {
      // The end of the file, an unreadable line or too much text came before the closing quote.
      const [first, ...rest] = open.lines
      if (first) yield { line: first.number, fault: 'a quoted field of the row has no end' }
      again.unshift(...rest, ...(line ? [line] : []))
      open = undefined
      continue
    }

    const { scan, lines } = open
    const start = lines[0]?.number ?? 0
    if (scan.fault !== undefined) {
      yield { line: start, fault: scan.fault }
      again.unshift(...lines.slice(1))
      open = undefined
    } else if (!scan.quoted) {
      yield { line: start, fields: scan.fields }
      open = undefined
    }
  }
}

const nextLine = async (
  source: AsyncIterator<Line, void, undefined>,
): Promise<Line | undefined> => {
  const next = await source.next()
  return next.done ? undefined : next.value
}

const isText = (line: Line): line is Extract<Line, { text: string }> => 'text' in line

interface RowScan {
  readonly fields: readonly string[]
  /** Whether the row ends inside quotes, so that the next line belongs to it. */
  readonly quoted: boolean
  /** What the open quoted field holds so far. */
  readonly field: string
  readonly chars: number
  readonly fault?: string
}

const startOfRow: RowScan = { fields: [], quoted: false, field: '', chars: 0 }

/** The scan after one more line of the same row. */
const scanLine = (scan: RowScan, text: string): RowScan => {
  const fields = [...scan.fields]
  const chars = scan.chars + text.length + 1
  let at = 0
  let inside = scan.quoted
  let field = inside ? `${scan.field}\n` : ''
  for (;;) {
    if (inside) {
      const quote = text.indexOf('"', at)
      if (quote < 0) return { fields, quoted: true, field: field + text.slice(at), chars }
      field += text.slice(at, quote)
      at = quote + 1
      if (text[at] === '"') {
        field += '"'
        at += 1
        continue
      }
      inside = false
      if (at < text.length && text[at] !== ',') {
        const fault = `field ${fields.length + 1} goes on after its closing quote`
        return { fields, quoted: false, field: '', chars, fault }
      }
    } else if (text[at] === '"') {
      inside = true
      at += 1
      continue
    } else {
      const comma = text.indexOf(',', at)
      const end = comma < 0 ? text.length : comma
      field = text.slice(at, end)
      at = end
    }
    fields.push(field)
    field = ''
    if (at >= text.length) return { fields, quoted: false, field: '', chars }
    at += 1
  }
}
